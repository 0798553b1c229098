import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describeLockout } from '../../src/guests/lockout.ts';
import { type ChangeScene, foreseeChange } from '../../src/guests/foresee-change.ts';
import type { GuestCount } from '../../src/storage/store.ts';
import { formatFault } from '../../src/settings/fault.ts';
import { checkConfiguration } from '../../src/tenants/configuration.ts';
import { soundSettings, writeFolder } from '../settings/config-folder.ts';

const counts: readonly GuestCount[] = [
  {
    state: 'Accepted',
    method: 'emailOneTimePasscode',
    connection: null,
    domain: 'partner.example',
    blocked: false,
    count: 214,
  },
];

/** Tenant a of a folder with its file, and a tenant b. */
async function sceneOf(text: string): Promise<ChangeScene> {
  const directory = await writeFolder({
    'guestpass.yaml': soundSettings,
    'tenants/a.yaml': `id: a\ndisplayName: A\n${text}`,
    'tenants/b.yaml': 'id: b\ndisplayName: B\nverifiedDomains: [b.example]\n',
  });
  const { tenants, faults } = await checkConfiguration(directory, {});
  assert.deepEqual(faults, []);
  const tenant = tenants.find(({ id }) => id === 'a');
  assert.ok(tenant);
  return { directory, isLoopback: true, env: {}, tenant, tenants, counts, now: 1_800_000_000 };
}

const passcodes = (value: unknown) => [{ path: ['emailOneTimePasscode'], value }];

describe('foreseeChange', () => {
  it('R41 counts who would be locked out, and writes nothing', async () => {
    const scene = await sceneOf('');
    const foreseen = await foreseeChange(scene, passcodes('disabled'));
    assert.equal(foreseen.outcome, 'foreseen');
    assert.match(
      foreseen.lockouts.map(describeLockout).join('\n'),
      /^214 guests redeemed by passc/,
    );
    assert.match(foreseen.edit.text, /^emailOneTimePasscode: disabled$/m);
    const file = await readFile(join(scene.directory, 'tenants', 'a.yaml'), 'utf8');
    assert.equal(file, 'id: a\ndisplayName: A\n');
  });

  it('R54 says what would make the file invalid, with its place', async () => {
    const scene = await sceneOf('redemption: { fallback: [emailOneTimePasscode] }\n');
    const foreseen = await foreseeChange(scene, passcodes('disabled'));
    assert.equal(foreseen.outcome, 'faulty');
    assert.match(foreseen.faults.map(formatFault).join('\n'), /a\.yaml:3:.*no fallback is left/);
  });

  it('S35 takes no domain that another tenant has', async () => {
    const scene = await sceneOf('');
    const change = { path: ['verifiedDomains'], value: ['b.example'] };
    assert.equal((await foreseeChange(scene, [change])).outcome, 'faulty');
  });

  it('says that there is nothing to do, or no file to do it in, or no place for it', async () => {
    const scene = await sceneOf('emailOneTimePasscode: enabled\n');
    assert.deepEqual(await foreseeChange(scene, passcodes('enabled')), { outcome: 'unchanged' });
    const nobody = { ...scene, tenant: { ...scene.tenant, id: 'nobody' } };
    assert.deepEqual(await foreseeChange(nobody, passcodes('x')), { outcome: 'missing' });
    const within = { path: ['emailOneTimePasscode', 'state'], value: 'enabled' };
    assert.equal((await foreseeChange(scene, [within])).outcome, 'refused');
  });
});
