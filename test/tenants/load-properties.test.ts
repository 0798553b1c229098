import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { TENANT_ID } from '../../src/domain/tenant.ts';
import { formatFault } from '../../src/settings/fault.ts';
import { checkConfiguration } from '../../src/tenants/configuration.ts';
import { readTenants } from '../../src/tenants/load.ts';
import { soundSettings, soundTenant, writeFolder } from '../settings/config-folder.ts';
import { corpus, runs } from '../support/fuzz.ts';
import { env, oidc } from './tenant-file.ts';

/** A tenant that says much, a line each, so that any line can be given another value. */
const LINES = [
  'id: a',
  'displayName: A',
  'verifiedDomains: [a.example]',
  'emailOneTimePasscode: enabled',
  'branding: { accent: "#0b5fff" }',
  'support: help@a.example',
  'privacyUrl: https://a.example/privacy',
  'termsUrl: https://a.example/terms',
  'clients: [{ client_id: docs, client_secret: { env: UP }, redirect_uris: [http://127.0.0.1/cb] }]',
  'domains: { allow: [partner.example] }',
  'invitations: { whoMayInvite: everyone }',
  `homeDirectories: [{ id: contoso, displayName: Home, domains: [contoso.com], ${oidc} }]`,
];
const KEPT = corpus('tenant-values').map(({ input }) => input);
const value = fc.oneof(
  fc.constantFrom(...KEPT),
  fc.json({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
);
const file = fc
  .array(fc.tuple(fc.nat(LINES.length - 1), fc.option(value)), { minLength: 1, maxLength: 3 })
  .map((changes) => {
    const lines = [...LINES];
    for (const [at, given] of changes) {
      const [key = ''] = (LINES[at] ?? '').split(':');
      lines[at] = given === null ? '' : `${key}: ${given}`;
    }
    return lines.join('\n');
  });

describe('readTenants, for whatever a tenant says of itself', () => {
  it('S57 S35 gives sound tenants, or faults at places inside of the file', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/a.yaml': '',
      'tenants/b.yaml': soundTenant,
    });
    const path = join(folder, 'tenants', 'a.yaml');
    const before = Object.getOwnPropertyNames(Object.prototype);
    const kept = LINES.flatMap((line) => {
      const [key = ''] = line.split(':');
      return KEPT.map((given): [string] => [LINES.join('\n').replace(line, `${key}: ${given}`)]);
    });
    await fc.assert(
      fc.asyncProperty(file, async (text) => {
        await writeFile(path, text);
        const { tenants, faults } = await readTenants(folder, true, {
          ...env,
          DOCS_SECRET: 'mUX3zQp-9dKw7-Lr2v',
        });
        assert.deepEqual(Object.getOwnPropertyNames(Object.prototype), before);
        assert.ok(!('polluted' in {}));
        // The neighbour is served whatever stands here, unless this file lays claim to its id.
        assert.ok(tenants.some(({ id }) => id === 'fabrikam') || text.includes('fabrikam'));
        for (const { id, verifiedDomains } of tenants) {
          assert.match(id, TENANT_ID);
          for (const domain of verifiedDomains) assert.match(domain, /^[a-z0-9.-]+$/);
        }
        const lines = text.split('\n');
        for (const fault of faults) {
          assert.ok(fault.line >= 0 && fault.line <= lines.length, formatFault(fault));
          assert.ok(fault.column >= 0, formatFault(fault));
          const width = lines[fault.line - 1]?.length ?? 0;
          if (fault.line > 0) assert.ok(fault.column <= width + 1, formatFault(fault));
          assert.ok(!formatFault(fault).includes('mUX3zQp'), 'no secret is said');
        }
        assert.equal(tenants.length + (faults.length > 0 ? 1 : 0), 2);
      }),
      { ...runs(200), examples: kept.slice(0, runs(200).numRuns / 2) },
    );
  });

  it('is sound as it stands', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/a.yaml': LINES.join('\n'),
    });
    const { faults } = await checkConfiguration(folder, env);
    assert.deepEqual(faults.map(formatFault), []);
  });
});
