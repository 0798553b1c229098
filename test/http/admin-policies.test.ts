import assert from 'node:assert/strict';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTenant } from '../../src/cli/tenant-set.ts';
import { listen } from '../cli/said.ts';
import { createEar } from '../server/followed.ts';
import {
  type AdminWorld,
  docsClient,
  opsClient,
  refusalOf,
  startAdminWorld,
} from '../support/admin-api.ts';

const EMAIL = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email';

describe('the policies of the admin API', () => {
  const ear = createEar();
  let world: AdminWorld;
  before(async () => {
    world = await startAdminWorld({
      log: ear.log,
      tenants: {
        quiet: {},
        closing: {},
        strict: {
          emailOneTimePasscode: 'disabled',
          clients: [
            docsClient('strict'),
            docsClient('strict', { client_id: 'vault', guests: { emailOneTimePasscode: false } }),
            opsClient('strict'),
          ],
        },
        narrowed: { redemption: { fallback: ['emailOneTimePasscode'] } },
        placed: {
          federations: [
            {
              id: 'partner',
              displayName: 'Partner',
              domains: ['partner.example'],
              oidc: { issuer: 'https://idp.partner.example', clientId: 'x', clientSecret: 'y' },
            },
          ],
        },
      },
    });
  });
  after(() => world.close());

  const at = async (tenant: string) => ({ tenant, token: await world.tokenOf(undefined, tenant) });
  const set = async (tenant: string, value: string, query = '') =>
    world.send('PATCH', `${EMAIL}${query}`, {
      ...(await at(tenant)),
      json: { allowExternalIdToUseEmailOtp: value },
    });
  const setting = async (tenant: string) => {
    const { body } = await world.send('GET', EMAIL, await at(tenant));
    return (body as Record<string, string>)['allowExternalIdToUseEmailOtp'];
  };
  const fileOf = (tenant: string) => join(world.folder, 'tenants', `${tenant}.yaml`);

  it('R31 R36 R44 changes the setting where it keeps nobody out, and takes it back', async () => {
    for (const value of ['disabled', 'enabled', 'default']) {
      assert.equal((await set('quiet', value)).status, 204);
      assert.equal(await setting('quiet'), value);
    }
    assert.equal((await set('quiet', 'perhaps')).status, 400);
  });

  it('R41 changes nothing while guests would be kept out, and says whom, as the command does', async () => {
    for (const name of ['ana', 'ben', 'cleo']) await world.invite(`${name}@x.example`, 'closing');
    await world.invite('dora@x.example', 'closing', 'pending');
    const before = await readFile(fileOf('closing'), 'utf8');
    const answer = await set('closing', 'disabled');
    assert.equal(answer.status, 409);
    const { message, innerCode, lockOuts } = refusalOf(answer);
    assert.equal(innerCode, 'locks_out_guests');
    const options = { config: world.folder, tenant: 'closing', yes: false, dryRun: true };
    const said = await listen((output) =>
      setTenant('emailOneTimePasscode', 'disabled', options, output),
    );
    assert.ok(said.out.startsWith(`${message}\n`), said.out);
    assert.match(
      message,
      /^3 guests redeemed by passcode could no longer sign in: .*\n1 guest of /,
    );
    assert.deepEqual(
      lockOuts?.map(({ effect, count, method }) => ({ effect, count, method })),
      [
        { effect: 'locked_out', count: 3, method: 'emailOneTimePasscode' },
        { effect: 'cannot_redeem', count: 1, method: null },
      ],
    );
    assert.equal(lockOuts.map((lockOut) => lockOut['message']).join('\n'), message);
    assert.match(String(lockOuts[0]?.['remedy']), /guestpass guests reset EMAIL/);
    assert.equal(await readFile(fileOf('closing'), 'utf8'), before);
    assert.equal(await setting('closing'), 'default');
  });

  it('R41 makes the change once somebody says that guests may be kept out', async () => {
    assert.equal((await set('closing', 'disabled', '?lockOut=perhaps')).status, 400);
    assert.equal((await set('closing', 'disabled', '?lockOut=')).status, 400);
    assert.equal(await setting('closing'), 'default');
    assert.equal((await set('closing', 'disabled', '?lockOut=accept')).status, 204);
    assert.equal(await setting('closing'), 'disabled');
    // Nobody is kept out by what lets everybody in.
    assert.equal((await set('closing', 'default')).status, 204);
    assert.equal(await setting('closing'), 'default');
  });

  it('R11 lets passcode guests in again though one application takes none of them', async () => {
    await world.invite('evi@x.example', 'strict');
    assert.equal((await set('strict', 'enabled')).status, 204);
    assert.equal(await setting('strict'), 'enabled');
  });

  it('S64 tells the auditor who changed it, who was asked first, and what was accepted', async () => {
    await world.server.guests.parts.log.flush();
    const { body } = await world.send('GET', '/auditLogs/directoryAudits', await at('closing'));
    const { value } = body as { value: readonly Record<string, unknown>[] };
    const changes = value.filter((entry) => entry['activityDisplayName'] === 'policy.change');
    assert.deepEqual(
      changes.map(({ result, initiatedBy }) => [result, initiatedBy]),
      ['edited', 'edited', 'locks_out_guests'].map((result) => [
        result,
        { displayName: 'application ops' },
      ]),
    );
    const details = changes[1]?.['additionalDetails'] as { key: string; value: string }[];
    const lockouts = details.find(({ key }) => key === 'lockouts')?.value ?? '';
    assert.match(lockouts, /^\["3 guests redeemed by passcode/);
  });

  it('R54 answers 409 where the file would not be valid, and leaves it', async () => {
    const answer = await set('narrowed', 'disabled', '?lockOut=accept');
    assert.equal(answer.status, 409);
    assert.match(refusalOf(answer).message, /no fallback is left/);
    assert.equal(refusalOf(answer).innerCode, undefined);
    assert.doesNotMatch(await readFile(fileOf('narrowed'), 'utf8'), /disabled/);
  });

  it('R44 answers 409 where the file is read-only', async () => {
    // Also where guests would be kept out: what cannot be written is nothing to accept.
    for (const tenant of ['b', 'closing']) {
      await chmod(fileOf(tenant), 0o444);
      const answer = await set(tenant, 'disabled');
      assert.equal(answer.status, 409);
      assert.match(refusalOf(answer).message, /read-only/);
      await chmod(fileOf(tenant), 0o644);
    }
  });

  it('S57 changes nothing while another file has a fault, for the change would not be served', async () => {
    const sound = await readFile(fileOf('placed'), 'utf8');
    const stale = ear.next('configuration.stale');
    await writeFile(fileOf('placed'), `${sound}nonsense: 1\n`);
    await stale;
    const before = await readFile(fileOf('quiet'), 'utf8');
    const answer = await set('quiet', 'disabled');
    assert.equal(answer.status, 409);
    assert.match(refusalOf(answer).message, /placed\.yaml.*nonsense/);
    assert.equal(await readFile(fileOf('quiet'), 'utf8'), before);
    await writeFile(fileOf('placed'), sound);
  });

  it('lists the places that know guests', async () => {
    const { body } = await world.send('GET', '/identity/identityProviders', await at('placed'));
    assert.deepEqual(body, {
      value: [
        {
          id: 'partner',
          displayName: 'Partner',
          method: 'externalFederation',
          protocol: 'oidc',
          issuer: 'https://idp.partner.example',
          domains: ['partner.example'],
        },
      ],
    });
  });
});
