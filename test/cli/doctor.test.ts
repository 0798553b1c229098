import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { doctor } from '../../src/cli/doctor.ts';
import type { Finding } from '../../src/cli/doctor-finding.ts';
import { checkNode, judgeSpace } from '../../src/cli/doctor-machine.ts';
import { checkMail, judgeCertificates } from '../../src/cli/doctor-network.ts';
import { init } from '../../src/cli/init.ts';
import { migrateNow } from '../../src/cli/migrate.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { DkimSettings } from '../../src/settings/settings.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { writeFolder } from '../settings/config-folder.ts';
import { runCommand } from '../support/processes.ts';
import { startSmtp, type TestRelay } from '../support/smtp.ts';
import { createInstallation, freePort, startWorld } from '../support/world.ts';
import { endedCertificate, goodCertificate } from '../tenants/certificates.ts';
import { listen, listenJson } from './said.ts';

describe('guestpass doctor', () => {
  it('finds nothing that fails in an installation that runs', async () => {
    const world = await startWorld();
    const { code, findings, stateOf } = await examine(world.folder);
    assert.equal(code, 0);
    assert.deepEqual(
      findings.filter(({ state }) => state === 'fail'),
      [],
    );
    for (const check of ['node', 'configuration', 'database', 'database writes', 'clock']) {
      assert.equal(stateOf(check), 'ok', check);
    }
    assert.equal(stateOf('mail relay'), 'ok');
    assert.equal(stateOf('publicUrl'), 'warn', 'plain http');
    await world.close();
  });

  it('tells what is missing before the first start, and a relay that is away', async () => {
    const transport = `smtp://127.0.0.1:${await freePort()}`;
    const mail = { transport, from: 'no-reply@guestpass.example' };
    const installation = await createInstallation({ settings: { mail } });
    const { code, findings, stateOf } = await examine(installation.folder);
    assert.equal(code, 1);
    assert.equal(stateOf('database'), 'warn');
    const relay = findings.find(({ check }) => check === 'mail relay');
    assert.equal(relay?.state, 'fail');
    assert.match(relay?.says ?? '', /ECONNREFUSED|ESOCKET/);
    for (const { state, mend } of findings) assert.equal(mend === '', state === 'ok');
    await installation.remove();
  });

  it('asks no other machine with --no-network', async () => {
    const installation = await createInstallation();
    const { findings } = await examine(installation.folder, false);
    const checks = findings.map(({ check }) => check);
    assert.ok(!checks.includes('mail relay') && !checks.includes('publicUrl'));
    await installation.remove();
  });

  it('tells each fault of the configuration, and a database that is away', async () => {
    const installation = await createInstallation({
      settings: { database: `mysql://u:p@127.0.0.1:${await freePort()}/g` },
    });
    const { code, findings } = await examine(installation.folder, false);
    const database = findings.find(({ check }) => check === 'database');
    assert.deepEqual([code, database?.state], [1, 'fail']);
    await installation.remove();
    const faulty = await writeFolder({ 'guestpass.yaml': 'publicURL: http://127.0.0.1:3000\n' });
    const found = await examine(faulty, false);
    assert.equal(found.code, 1);
    assert.ok(found.findings.some(({ says }) => says.includes('did you mean "publicUrl"')));
  });

  it('S58 tells a key file that everybody can read', async () => {
    const config = await writeFolder({});
    await listen((output) => init(config, output));
    await listen((output) => migrateNow({ config }, output));
    await loadConfiguration(config, {});
    const key = join(config, '../data/sealing-key');
    assert.equal((await examine(config, false)).stateOf('secret sealing-key'), 'ok');
    await chmod(key, 0o604);
    const { code, stateOf } = await examine(config, false);
    assert.deepEqual([code, stateOf('secret sealing-key')], [1, 'fail']);
  });

  it('fails an identity provider that does not answer', async () => {
    const oidc = {
      issuer: `http://127.0.0.1:${await freePort()}`,
      clientId: 'guestpass',
      clientSecret: 'a-secret-for-tests-only-0123456789',
    };
    const place = { id: 'contoso', displayName: 'Contoso', domains: ['contoso.com'], oidc };
    const installation = await createInstallation({ tenants: { a: { homeDirectories: [place] } } });
    const { code, stateOf } = await examine(installation.folder);
    assert.deepEqual([code, stateOf('provider a/contoso')], [1, 'fail']);
    await installation.remove();
  });

  it('judges certificates by the one that ends last', () => {
    const now = new Date().toISOString();
    assert.equal(judge([endedCertificate], now), 'fail');
    assert.equal(judge([], now), 'fail');
    assert.equal(judge([endedCertificate, goodCertificate], now), 'ok');
    const says = judgeCertificates('provider', [goodCertificate], 0).says.slice(-10);
    const soon = new Date(Date.parse(says) - 10 * 86_400_000).toISOString();
    assert.equal(judge([goodCertificate], soon), 'warn');
  });

  it('judges Node and the space that is left', () => {
    assert.deepEqual(
      ['24.11.9', '24.12.0', '25.0.0', '22.20.0'].map((version) => checkNode(version).state),
      ['fail', 'ok', 'ok', 'fail'],
    );
    assert.deepEqual(
      [50, 500, 5000].map((mebibytes) => judgeSpace('/data', mebibytes * 1_048_576).state),
      ['fail', 'warn', 'ok'],
    );
  });

  it('takes the words of the command line, a line for each finding', async () => {
    const installation = await createInstallation();
    const words = ['doctor', '--no-network', '--config', installation.folder];
    const { code, stdout } = await runCommand(words);
    assert.equal(code, 0);
    assert.match(stdout, /^ok {4}node {2}\S+$/m);
    assert.match(stdout, /^warn {2}database {2}there is no \S+ yet; guestpass serve/m);
    await installation.remove();
  });
});

describe('checkMail', () => {
  let relay: TestRelay;
  before(async () => {
    relay = await startSmtp();
  });
  after(() => relay.stop());

  const statesWith = async (
    records: Readonly<Record<string, string>>,
    dkim?: DkimSettings,
    tenants: readonly Pick<Tenant, 'mail'>[] = [],
  ) => {
    const transport = {
      kind: 'smtp',
      host: '127.0.0.1',
      port: relay.port,
      implicitTls: false,
      requireTls: false,
    } as const;
    const settings = { transport, from: 'no-reply@mail.guest.example', ...(dkim && { dkim }) };
    const findings = await checkMail(settings, tenants, (name) => {
      const record = records[name];
      const none = Object.assign(new Error(name), { code: 'ENOTFOUND' });
      return record === undefined ? Promise.reject(none) : Promise.resolve([[record]]);
    });
    return findings.map(({ check, state }) => `${check} ${state}`);
  };

  it('finds SPF at the domain of the sender, and DMARC there or above', async () => {
    const spf = { 'mail.guest.example': 'v=spf1 mx -all' };
    const here = { ...spf, '_dmarc.mail.guest.example': 'v=DMARC1; p=reject' };
    const fine = ['mail relay ok', 'SPF ok', 'DMARC ok'];
    assert.deepEqual(await statesWith(here), fine);
    assert.deepEqual(
      await statesWith({ ...spf, '_dmarc.guest.example': 'v=DMARC1; p=none' }),
      fine,
    );
    assert.deepEqual(await statesWith(spf), ['mail relay ok', 'SPF ok', 'DMARC warn']);
    assert.deepEqual(await statesWith({}), ['mail relay ok', 'SPF warn', 'DMARC warn']);
    assert.equal(relay.messages.length, 0);
  });

  it('compares the key that mail is signed with to the one in DNS', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const dkim = { domain: 'guest.example', selector: 's1', privateKey: pem };
    const key = publicKey.export({ type: 'spki', format: 'der' }).toString('base64');
    const dkimWith = async (record?: string) => {
      const records = record === undefined ? {} : { 's1._domainkey.guest.example': record };
      return (await statesWith(records, dkim)).slice(3);
    };
    assert.deepEqual(await dkimWith(`v=DKIM1; k=rsa; p=${key}`), ['DKIM ok']);
    assert.deepEqual(await dkimWith(`p=${key}`), ['DKIM ok']);
    for (const record of [undefined, 'v=DKIM1; p=', `v=DKIM1; p=${key.slice(0, -8)}AAAAAAA=`]) {
      assert.deepEqual(await dkimWith(record), ['DKIM fail'], record);
    }
  });

  it("looks at a tenant's own sender, which the signature may not count for", async () => {
    const dkim = { domain: 'guest.example', selector: 's1', privateKey: newKey() };
    const own = { mail: { from: 'codes@fabrikam.example' } };
    const states = await statesWith({ 'fabrikam.example': 'v=spf1 -all' }, dkim, [own]);
    assert.deepEqual(states, [
      'mail relay ok',
      'SPF warn',
      'DMARC warn',
      'SPF ok',
      'DMARC warn',
      'DKIM fail',
      'DKIM warn',
    ]);
  });
});

function newKey(): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

async function examine(config: string, network = true) {
  const said = await listenJson((output) => doctor({ config, network }, output));
  const findings: Finding[] = JSON.parse(said.out);
  const stateOf = (check: string) => findings.find((found) => found.check === check)?.state;
  return { code: said.code, findings, stateOf };
}

function judge(pems: readonly string[], at: string): Finding['state'] {
  return judgeCertificates('provider', pems, Date.parse(at) / 1000).state;
}
