import assert from 'node:assert/strict';
import { RESERVED_TENANT_IDS } from '../../src/domain/tenant.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import {
  faultsOf,
  loadSettings,
  loadTenants,
  publicSettings,
  soundEnv,
  soundSettings,
  soundTenant,
  writeFolder,
} from '../settings/config-folder.ts';

async function load(tenants: Readonly<Record<string, string>>, settings = soundSettings) {
  const files = Object.entries(tenants).map(([name, text]) => [`tenants/${name}`, text] as const);
  const folder = await writeFolder({ 'guestpass.yaml': settings, ...Object.fromEntries(files) });
  const loaded = await loadSettings(folder, soundEnv);
  return loadTenants(folder, loaded.settings, soundEnv);
}

async function faults(text: string, settings?: string): Promise<readonly string[]> {
  return faultsOf(load({ 'fabrikam.yaml': text }, settings));
}

describe('readTenants', () => {
  it('reads one tenant, secrets resolved, frozen all the way down', async () => {
    const [tenant] = await load({ 'any-name.yaml': soundTenant });
    assert.deepEqual(tenant, {
      id: 'fabrikam',
      displayName: 'Fabrikam',
      verifiedDomains: ['fabrikam.com'],
      emailOneTimePasscode: 'default',
      clients: [
        {
          client_id: 'docs',
          client_secret: soundEnv.DOCS_SECRET,
          redirect_uris: ['http://127.0.0.1:9999/cb'],
        },
      ],
    });
    assert(Object.isFrozen(tenant.clients[0]!.redirect_uris));
  });

  it('reads what of its mail is its own, and says what is none', async () => {
    const own =
      'mail: { from: Codes@Fabrikam.com, replyTo: help@fabrikam.com, signInLink: true }\n';
    const [tenant] = await load({ 'fabrikam.yaml': soundTenant + own });
    assert.deepEqual(tenant?.mail, {
      from: 'Codes@fabrikam.com',
      replyTo: 'help@fabrikam.com',
      signInLink: true,
    });
    const wrong = 'mail: { from: fabrikam, replyTo: "a@b.example,c@d.example", signInLink: 1 }\n';
    assert.deepEqual(await faults(soundTenant + wrong), [
      'tenants/fabrikam.yaml:8:15  mail.from  not an e-mail address',
      'tenants/fabrikam.yaml:8:34  mail.replyTo  not an e-mail address',
      'tenants/fabrikam.yaml:8:73  mail.signInLink  expected true or false, found a number',
    ]);
  });

  it('reads yaml, yml and json, and leaves other files alone', async () => {
    const tenants = await load({
      'a.yaml': 'id: a\ndisplayName: A\n',
      'b.yml': 'id: b\ndisplayName: B\n',
      'c.json': '{"id": "c", "displayName": "C"}',
      '.hidden.yaml': 'nonsense',
      'notes.txt': 'nonsense',
      'a.yaml.bak': 'nonsense',
    });
    assert.deepEqual(
      tenants.map(({ id }) => id),
      ['a', 'b', 'c'],
    );
  });

  it('says every fault at its line and column', async () => {
    const text = `id: 012345
displayName: "Evil\\u202Emoc"
verifiedDomain: [fabrikam.com]
emailOneTimePasscode: enable
clients:
  - client_id: docs
    client_secret: { evn: X }
    redirect_uris: https://docs.example/cb
  - client_id: "a b"
    redirectUris: []
    response_types: [token]
  - client_id: docs
    client_secret: { env: NOT_SET }
    redirect_uris: ["https://*.example/cb", http://docs.example/cb]
    logo_uri:
    token_endpoint_auth_method: client_secret_jwt
`;
    assert.deepEqual(await faults(text), [
      'tenants/fabrikam.yaml:1:5  id  expected text, found a number; put it in quotes: "012345"',
      'tenants/fabrikam.yaml:2:14  displayName  an invisible character in the name; type it anew',
      'tenants/fabrikam.yaml:3:1  verifiedDomain  unknown key "verifiedDomain"; did you mean "verifiedDomains"?',
      'tenants/fabrikam.yaml:4:23  emailOneTimePasscode  unknown value "enable"; did you mean "enabled"?',
      'tenants/fabrikam.yaml:7:20  clients[0].client_secret  expected a secret; write { env: NAME } or { file: PATH }',
      'tenants/fabrikam.yaml:8:20  clients[0].redirect_uris  expected a list of web addresses',
      'tenants/fabrikam.yaml:9:16  clients[1].client_id  not a client id; write 1 to 128 letters, digits and signs without spaces',
      'tenants/fabrikam.yaml:10:5  clients[1].redirectUris  unknown key "redirectUris"; did you mean "redirect_uris"?',
      'tenants/fabrikam.yaml:11:22  clients[1].response_types[0]  unknown value "token"; write one of code',
      'tenants/fabrikam.yaml:14:21  clients[2].redirect_uris[0]  a wildcard in a web address; list every address in full',
      'tenants/fabrikam.yaml:14:45  clients[2].redirect_uris[1]  http is accepted for 127.0.0.1, [::1] and localhost alone; write https://',
      'tenants/fabrikam.yaml:15:5  clients[2].logo_uri  no value; write one, or delete the line',
      'tenants/fabrikam.yaml:16:33  clients[2].token_endpoint_auth_method  unknown value "client_secret_jwt"; did you mean "client_secret_post"?',
    ]);
  });

  it('names a variable that is not set', async () => {
    assert.deepEqual(await faults(soundTenant.replace('DOCS_SECRET', 'NOT_SET')), [
      'tenants/fabrikam.yaml:6:20  clients[0].client_secret  environment variable NOT_SET is not set; set it before starting the server',
    ]);
  });

  it('says what is missing', async () => {
    assert.deepEqual(await faults('verifiedDomains: []\n'), [
      'tenants/fabrikam.yaml:1:1  id  required key missing; add "id"',
      'tenants/fabrikam.yaml:1:1  displayName  required key missing; add "displayName"',
    ]);
  });

  it('S58 refuses a literal client secret on a public server, and never repeats it', async () => {
    const literal = soundTenant.replace('{ env: DOCS_SECRET }', 'hunter2');
    assert.deepEqual(await faults(literal, publicSettings), [
      'tenants/fabrikam.yaml:6:20  clients[0].client_secret  a secret in the file itself, while publicUrl is not on this machine; write { env: NAME } or { file: PATH } instead, and change the secret',
    ]);
    assert.equal((await load({ 'a.yaml': literal }))[0]!.clients[0]!.client_secret, 'hunter2');
  });

  for (const id of [
    'Fabrikam',
    '-a',
    'a_b',
    'a.b',
    '../x',
    '"a\\n"',
    'a'.repeat(64),
    '""',
    ...RESERVED_TENANT_IDS,
  ]) {
    it(`S35 refuses the id ${id.slice(0, 20)}`, async () => {
      assert.match(
        (await faults(`id: ${id}\ndisplayName: X\n`))[0]!,
        /^tenants\/fabrikam.yaml:1:5  id  /,
      );
    });
  }

  it('S35 takes a GUID and 63 characters', async () => {
    for (const id of ['9e0f1c8a-5b7d-4a51-9d0e-0c5c7b2f7a11', 'a'.repeat(63)]) {
      assert.equal((await load({ 'a.yaml': `id: ${id}\ndisplayName: X\n` }))[0]!.id, id);
    }
  });

  it('R13 refuses one id or domain for two tenants, naming both places', async () => {
    const lines = await faultsOf(
      load({
        'a.yaml': 'id: fabrikam\ndisplayName: A\nverifiedDomains: [a.example, FABRIKAM.com]\n',
        'b.yaml': 'id: fabrikam\ndisplayName: B\nverifiedDomains: [fabrikam.com]\n',
      }),
    );
    assert.deepEqual(lines, [
      'tenants/b.yaml:1:5  id  the tenant id "fabrikam" is taken by tenants/a.yaml:1; remove it from one of the two',
      'tenants/b.yaml:3:19  verifiedDomains[0]  the verified domain "fabrikam.com" is taken by tenants/a.yaml:3; remove it from one of the two',
    ]);
  });

  it('S16 keeps domains as lower-case A-labels and sees two spellings as one', async () => {
    const [tenant] = await load({
      'a.yaml': 'id: a\ndisplayName: A\nverifiedDomains: [EXÄMPLE.com]\n',
    });
    assert.deepEqual(tenant!.verifiedDomains, ['xn--exmple-cua.com']);
    const twice = 'id: a\ndisplayName: A\nverifiedDomains: [exämple.com, xn--exmple-cua.com]\n';
    assert.match((await faults(twice))[0]!, /:3:32  verifiedDomains\[1\].*is taken/);
    for (const domain of [
      'localhost',
      '127.0.0.1',
      'a..b',
      'a.example.',
      'https://a.example',
      '"a b.example"',
    ]) {
      assert.match(
        (await faults(`id: a\ndisplayName: A\nverifiedDomains: [${domain}]\n`))[0]!,
        /not a domain/,
      );
    }
  });

  for (const name of [
    'A <b>',
    '  A',
    'see evil.com',
    'www.evil',
    'https://x',
    'a@b',
    'a\\r\\nBcc: x',
    'a\\u202Eb',
    'a\\u200Bb',
    'x'.repeat(65),
    '',
    '//evil',
  ]) {
    it(`S22 refuses the name ${JSON.stringify(name.slice(0, 20))}`, async () => {
      assert.match((await faults(`id: a\ndisplayName: "${name}"\n`))[0]!, /:2:14  displayName  /);
    });
  }

  for (const name of [
    'Contoso Ltd.',
    "O'Neill & Söhne",
    '株式会社',
    'St. Mary',
    '3M',
    '🎉'.repeat(64),
  ]) {
    it(`S22 takes the name ${name.slice(0, 20)}`, async () => {
      assert.equal(
        (await load({ 'a.yaml': `id: a\ndisplayName: "${name}"\n` }))[0]!.displayName,
        name,
      );
    });
  }

  it('takes support as mail or web address, and web addresses only where they are asked for', async () => {
    const head = 'id: a\ndisplayName: A\n';
    const [tenant] = await load({
      'a.yaml': `${head}support: help@a.example\nguestHelp: https://a.example/q\nprivacyUrl: https://a.example/p\ntermsUrl: https://a.example/t\n`,
    });
    assert.equal(tenant!.support, 'help@a.example');
    assert.equal(tenant!.guestHelp, 'https://a.example/q');
    assert.equal(tenant!.privacyUrl, 'https://a.example/p');
    for (const line of [
      'support: call us',
      'guestHelp: javascript:alert(1)',
      'guestHelp: help@a.example',
      'privacyUrl: javascript:alert(1)',
      'termsUrl: http://a.example',
    ]) {
      assert.equal((await faults(`${head}${line}\n`)).length, 1);
    }
  });
});

describe('loadConfiguration', () => {
  it('finds tenants by id and by domain', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/fabrikam.yaml': soundTenant,
    });
    const { tenants, settings } = await loadConfiguration(folder, soundEnv);
    assert.equal(tenants.byId.get('fabrikam'), tenants.byDomain.get('fabrikam.com'));
    assert.equal(settings.publicUrl, 'http://127.0.0.1:3000');
  });

  it('says the faults of every file in one run', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': `${publicSettings}logLevel: loud\n`,
      'tenants/a.yaml': 'id: A\ndisplayName: A\n',
      'tenants/b.yaml': 'id: b: c\n',
      'tenants/c.yaml': soundTenant.replace('{ env: DOCS_SECRET }', 'hunter2'),
    });
    const lines = await faultsOf(loadConfiguration(folder, soundEnv));
    assert.deepEqual(
      lines.map((line) => line.split('  ')[0]),
      ['guestpass.yaml:4:11', 'tenants/a.yaml:1:5', 'tenants/b.yaml:1:5', 'tenants/c.yaml:6:20'],
    );
  });

  it('says that files, folder or tenants are missing', async () => {
    assert.deepEqual(await faultsOf(loadConfiguration(await writeFolder({}), {})), [
      'guestpass.yaml  no such file; create it, or name another folder with --config',
      'tenants  no such folder; put a file per tenant there, such as tenants/fabrikam.yaml',
    ]);
    const empty = await writeFolder({ 'guestpass.yaml': soundSettings, 'tenants/readme.txt': '' });
    assert.match((await faultsOf(loadConfiguration(empty, {})))[0]!, /^tenants  no tenant; /);
  });
});
