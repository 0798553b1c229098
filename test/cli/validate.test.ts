import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { findUnproven } from '../../src/cli/validate.ts';
import { createDomainProofs, type ResolveTxt } from '../../src/federation/domain-proof.ts';
import { formatFault } from '../../src/settings/fault.ts';
import { checkConfiguration } from '../../src/tenants/configuration.ts';
import { soundEnv, soundSettings, soundTenant, writeFolder } from '../settings/config-folder.ts';
import { runCommand } from '../support/processes.ts';

const federated = `id: fabrikam
displayName: Fabrikam
federations:
  - id: partner
    displayName: Partner
    domains: [partner.example, partner.net]
    oidc: { issuer: https://idp.partner.example, clientId: x, clientSecret: y }
`;

const validate = (config: string, ...words: readonly string[]) =>
  runCommand(['validate', '--config', config, ...words], soundEnv);

describe('guestpass validate', () => {
  it('S57 says how many tenants are fine, and makes nothing', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/fabrikam.yaml': soundTenant,
      'tenants/b.yaml': 'id: b\ndisplayName: B\n',
    });
    assert.deepEqual(await validate(folder), {
      code: 0,
      stdout: '2 tenants, no faults\n',
      stderr: '',
    });
    assert.deepEqual(await readdir(dirname(folder)), ['config']);
  });

  it('S57 says every fault of every file and ends with 1', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': `${soundSettings}logLevel: inof\n`,
      'tenants/a.yaml': 'id: a\ndisplayName: A\nemailOneTimePasscode: disabled\n',
      'tenants/b.yaml': 'id: b\ndisplayName: B\nredemption: { fallback: [] }\n',
    });
    const { code, stdout, stderr } = await validate(folder, '--no-network');
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.deepEqual(stderr.split('\n'), [
      'tenants/a.yaml:3:23  emailOneTimePasscode  guests whom no primary provider knows cannot redeem; enable emailOneTimePasscode, or add consumerAccounts',
      'guestpass.yaml:4:11  logLevel  unknown value "inof"; did you mean "info"?',
      'tenants/b.yaml:3:25  redemption.fallback  no fallback is left; add emailOneTimePasscode, or consumerAccount with consumerAccounts',
      '',
    ]);
  });

  it('S57 says six faults of three files in one run, each where it stands', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': `${soundSettings}logLevel: inof\nauditDayz: 30\n`,
      'tenants/a.yaml':
        'id: a\ndisplayName: A\nclients:\n  - client_id: docs\n' +
        '    redirect_uri: [https://docs.example/cb]\n    application_type: wbe\n',
      'tenants/b.yaml':
        'id: b\n# a comment in between\ndisplayName: 7\nverifiedDomains: [b.example, not_a_domain]\n',
    });
    const { code, stderr } = await validate(folder, '--no-network');
    assert.equal(code, 1);
    const places = stderr.trimEnd().split('\n');
    assert.deepEqual(
      places.map((line) => line.split('  ').slice(0, 2).join(' ')),
      [
        'guestpass.yaml:4:11 logLevel',
        'guestpass.yaml:5:1 auditDayz',
        'tenants/a.yaml:5:5 clients[0].redirect_uri',
        'tenants/a.yaml:6:23 clients[0].application_type',
        'tenants/b.yaml:3:14 displayName',
        'tenants/b.yaml:4:30 verifiedDomains[1]',
      ],
    );
  });

  it('R50 leaves DNS alone when told to', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/fabrikam.yaml': federated.replace('partner.net', 'partner.invalid'),
    });
    const { code, stdout } = await validate(folder, '--no-network');
    assert.deepEqual([code, stdout], [0, '1 tenant, no faults\n']);
    assert.equal((await validate(folder)).code, 1);
  });
});

async function linesOf(resolveTxt: ResolveTxt): Promise<readonly string[]> {
  const folder = await writeFolder({
    'guestpass.yaml': soundSettings,
    'tenants/fabrikam.yaml': federated,
  });
  const check = await checkConfiguration(folder, {});
  assert.deepEqual(check.faults, []);
  const proofs = createDomainProofs({ resolveTxt, clock: () => 0 });
  return (await findUnproven(check, proofs)).map(formatFault);
}

describe('findUnproven', () => {
  it('R50 names the place of a domain whose owner has not agreed, and the record to add', async () => {
    assert.deepEqual(await linesOf(async () => [['v=spf1 -all']]), [
      'tenants/fabrikam.yaml:6:32  federations[0].domains[1]  no TXT record "DirectFedAuthUrl=https://idp.partner.example" at partner.net; add it',
    ]);
  });

  it('R50 finds nothing where the record stands, and asks of no domain the page is in', async () => {
    const asked: string[] = [];
    const lines = await linesOf(async (domain) => {
      asked.push(domain);
      return [['DirectFedAuthUrl=https://idp.', 'partner.example']];
    });
    assert.deepEqual([lines, asked], [[], ['partner.net']]);
  });

  it('R50 takes no answer for no proof', async () => {
    const lines = await linesOf(() => Promise.reject(new Error('no network')));
    assert.match(
      lines[0]!,
      /domains\[1\] {2}DNS does not say what stands at partner\.net; try again/,
    );
  });
});
