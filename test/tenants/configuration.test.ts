import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { ConfigurationError } from '../../src/settings/fault.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { soundEnv, soundSettings, soundTenant, writeFolder } from '../settings/config-folder.ts';

const settings = `${soundSettings}listen: 127.0.0.1:3000
limits: { passcodeDigits: 8 }
trustedProxies: [10.0.0.0/8]
secrets: { pepper: { env: DOCS_SECRET } }
`;
const tenant = `${soundTenant}homeDirectories:
  - id: contoso
    displayName: Contoso
    domains: [contoso.com]
    oidc: { issuer: https://login.contoso.com, clientId: x, clientSecret: { env: DOCS_SECRET } }
    members: { file: ../guestpass.yaml }
federations:
  - id: partner
    displayName: Partner
    domains: [partner.example]
    saml: { metadata: { file: ../guestpass.yaml }, certificates: [{ file: ../guestpass.yaml }] }
redemption: { era: staged, rolloutAt: 2022-01-15T00:00:00Z, fallback: [emailOneTimePasscode] }
domains: { block: [evil.example] }
invitations: { lifetimeDays: 7, language: en }
`;
const scraps = [
  '',
  ' ',
  '\n',
  ':',
  '{',
  '}',
  '[',
  ']',
  '- ',
  '"',
  '#',
  'null',
  '1',
  'true',
  '{}',
  '[]',
  '[1]',
  '{a: 1}',
  '.inf',
  '~',
  '__proto__: {}',
  '&a ',
  '*a',
  '!x ',
  '\t',
  '\u0000',
  'é',
];

/** Replaces some spans of a text by scraps of YAML. */
function mutated(text: string): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.nat({ max: text.length }),
    length: fc.nat({ max: 30 }),
    scrap: fc.constantFrom(...scraps),
  });
  return fc
    .array(edit, { minLength: 1, maxLength: 4 })
    .map((edits) =>
      edits.reduce(
        (t, { at, length, scrap }) => t.slice(0, at) + scrap + t.slice(at + length),
        text,
      ),
    );
}

describe('loadConfiguration, on mangled files', () => {
  it('T85 throws nothing but ConfigurationError, each fault with a message', async () => {
    const folder = await writeFolder({ 'tenants/a.yaml': '' });
    await fc.assert(
      fc.asyncProperty(mutated(settings), mutated(tenant), async (server, tenant) => {
        // A mangled name of the database must not make files outside the test's folder.
        const here = server.replace(/sqlite:[^\s]*/g, 'sqlite:guestpass.db');
        await writeFile(join(folder, 'guestpass.yaml'), here);
        await writeFile(join(folder, 'tenants/a.yaml'), tenant);
        try {
          await loadConfiguration(folder, soundEnv);
        } catch (error) {
          assert(error instanceof ConfigurationError, String(error));
          assert(error.faults.length > 0);
          assert(error.faults.every(({ message, file }) => message !== '' && file !== ''));
        }
      }),
      { numRuns: 300 },
    );
  });
});
