import assert from 'node:assert/strict';
import { check, connectionsOf, env, faultsIn, home, oidc } from './tenant-file.ts';

const upstream = {
  protocol: 'oidc',
  issuer: 'https://login.contoso.com',
  clientId: 'x',
  clientSecret: env.UP,
  scope: 'openid email profile',
};
const quiet = {
  members: { by: 'domain' },
  inbound: 'allowed',
  automaticRedemption: { inbound: false, outbound: false },
  regionScope: undefined,
  refusedDomains: [],
  consumerDomains: [],
};
const members = { files: { 'members/all.txt': 'ana@outlook.com\n' } };
const personal = `displayName: Mail, ${oidc}, members: { file: ../members/all.txt }`;

describe('readConnections', () => {
  it('says nothing of connections for a tenant that has none', async () => {
    const { tenants, places } = await check('');
    assert.deepEqual(tenants, [
      {
        id: 'a',
        displayName: 'A',
        verifiedDomains: [],
        emailOneTimePasscode: 'default',
        clients: [],
      },
    ]);
    assert.deepEqual(places, []);
  });

  it('reads a home directory with the defaults of what it does not say', async () => {
    const [contoso] = await connectionsOf(`homeDirectories:\n${home('contoso', 'Contoso.COM')}`);
    assert.deepEqual(contoso, {
      ...quiet,
      id: 'contoso',
      method: 'homeDirectory',
      displayName: 'Home',
      domains: ['contoso.com'],
      upstream,
    });
    assert(Object.isFrozen(contoso.upstream));
  });

  it('R43 R72 R74 reads region, automatic redemption and inbound access', async () => {
    const more = `${oidc}, inbound: blocked, regionScope: USGOV, automaticRedemption: { inbound: true }`;
    const [found] = await connectionsOf(`homeDirectories:\n${home('h', 'h.example', more)}`);
    assert.equal(found!.inbound, 'blocked');
    assert.equal(found!.regionScope, 'USGOV');
    assert.deepEqual(found!.automaticRedemption, { inbound: true, outbound: false });
  });

  it('R47 reads one federation for many domains, each compared exactly', async () => {
    const [found] = await connectionsOf(
      `federations:\n  - { id: p, displayName: P, domains: [partner.example, EXÄMPLE.net], ${oidc} }`,
    );
    assert.equal(found!.method, 'externalFederation');
    assert.deepEqual(found!.domains, ['partner.example', 'xn--exmple-cua.net']);
  });

  it('R47 keeps a subdomain and a look-alike apart from the domain itself', async () => {
    const found = await connectionsOf(
      `federations:\n${[
        'partner.example',
        'eu.partner.example',
        'xpartner.example',
        'pаrtner.example',
      ]
        .map((domain, index) => home(`p${index}`, domain))
        .join('\n')}`,
    );
    assert.equal(new Set(found.map(({ domains }) => domains[0])).size, 4);
  });

  it('R48 gives Google exactly its two domains', async () => {
    const [google] = await connectionsOf('google: { clientId: x, clientSecret: { env: UP } }');
    assert.deepEqual(google, {
      ...quiet,
      id: 'google',
      method: 'google',
      displayName: 'Google',
      domains: ['gmail.com', 'googlemail.com'],
      upstream: { ...upstream, issuer: 'https://accounts.google.com' },
    });
  });

  it('R48 takes a stand-in for Google on this machine alone', async () => {
    const text = 'google: { clientId: x, clientSecret: { env: UP }, issuer: http://127.0.0.1:1 }';
    const [google] = await connectionsOf(text);
    assert.equal(google!.upstream.issuer, 'http://127.0.0.1:1');
    const evil = text.replace('http://127.0.0.1:1', 'https://accounts.google.com.evil.example');
    assert.deepEqual(await faultsIn(evil, { isPublic: true }), [
      'a.yaml:3:59  google.issuer  not the issuer of Google, while publicUrl is not on this machine; write https://accounts.google.com, or delete the line',
    ]);
  });

  it("R48 refuses Google's domains in a directory and in a federation", async () => {
    const text = `homeDirectories:\n${home('h', 'GMail.com')}\nfederations:\n${home('f', 'googlemail.com')}`;
    const why = "a domain of Google's own mailboxes; use the key google for it";
    assert.deepEqual(await faultsIn(text), [
      `a.yaml:4:43  homeDirectories[0].domains[0]  ${why}`,
      `a.yaml:6:43  federations[0].domains[0]  ${why}`,
    ]);
  });

  it('reads consumer and unmanaged accounts of any domain', async () => {
    const text = `consumerAccounts: { ${personal} }\nunmanagedAccounts: { ${personal}, refusedDomains: [No.example] }\nredemption: { era: staged }`;
    const [consumer, unmanaged] = await connectionsOf(text, members);
    assert.deepEqual(
      [consumer!.id, consumer!.method, consumer!.domains, consumer!.consumerDomains],
      ['consumer', 'consumerAccount', 'any', ['outlook.com', 'hotmail.com', 'live.com', 'msn.com']],
    );
    assert.deepEqual(
      [unmanaged!.id, unmanaged!.method, unmanaged!.domains, unmanaged!.refusedDomains],
      ['unmanaged', 'unmanagedAccount', 'any', ['no.example']],
    );
  });

  it('always asks for openid and email', async () => {
    const asked = oidc.replace(/ \}$/, ', scope: profile offline_access }');
    const [found] = await connectionsOf(`homeDirectories:\n${home('h', 'h.example', asked)}`);
    assert.deepEqual('scope' in found!.upstream && found!.upstream.scope.split(' '), [
      'openid',
      'email',
      'profile',
      'offline_access',
    ]);
  });

  it('S50 refuses a domain in two directories or two federations, naming both places', async () => {
    const text = `homeDirectories:\n${home('h', 'a.example')}\n${home('i', 'A.example')}\nfederations:\n${home('f', 'b.example, b.example')}`;
    assert.deepEqual(await faultsIn(text), [
      'a.yaml:5:43  homeDirectories[1].domains[0]  the domain "a.example" has a home directory already, on line 4; remove it from one of the two',
      'a.yaml:7:54  federations[0].domains[1]  the domain "b.example" has a federation already, on line 7; remove it from one of the two',
    ]);
  });

  it('R49 takes a domain with both a directory and a federation: the order decides', async () => {
    const text = `homeDirectories:\n${home('h', 'a.example')}\nfederations:\n${home('f', 'a.example')}`;
    assert.equal((await connectionsOf(text)).length, 2);
  });

  it('S50 refuses one id for two connections of whatever kind', async () => {
    const text = `homeDirectories:\n${home('consumer', 'a.example')}\n${home('x', 'b.example')}\nfederations:\n${home('x', 'c.example')}\nconsumerAccounts: { ${personal} }`;
    assert.deepEqual(await faultsIn(text, members), [
      'a.yaml:7:11  federations[0].id  a second connection with the id "x", as on line 5; give one of the two another id',
      'a.yaml:8:19  consumerAccounts.id  a second connection with the id "consumer", as on line 4; give one of the two another id',
    ]);
  });

  it('S57 says every fault of the new keys at its line and column', async () => {
    const text = `homeDirectories:
  - id: Contoso
    displayName: www.evil
    domain: [contoso.com]
    domains: [com]
    oidc: { issuer: "https://login.contoso.com?x=1", clientID: x, clientSecret: { env: UP } }
    members: everybody
    inbound: block
    regionScope: usgov
  - displayName: B
    domains: []
federation: []
federations:
  - { id: f, displayName: F, domains: [f.example] }
consumerAccounts: { displayName: C, ${oidc} }
google: { clientId: x, clientSecret: { env: NOT_SET }, issuers: x }`;
    assert.deepEqual(await faultsIn(text), [
      'a.yaml:4:9  homeDirectories[0].id  not a connection id; write lower-case letters, digits and dashes, at most 32, first a letter or digit',
      'a.yaml:5:18  homeDirectories[0].displayName  a name that reads like a web or mail address; write it without dots, slashes and @',
      'a.yaml:6:5  homeDirectories[0].domain  unknown key "domain"; did you mean "domains"?',
      'a.yaml:7:15  homeDirectories[0].domains[0]  not a domain; write it like fabrikam.com',
      'a.yaml:8:11  homeDirectories[0].oidc.clientId  required key missing; add "clientId"',
      'a.yaml:8:21  homeDirectories[0].oidc.issuer  a query (?) in an issuer; take it off',
      'a.yaml:8:54  homeDirectories[0].oidc.clientID  unknown key "clientID"; did you mean "clientId"?',
      'a.yaml:9:14  homeDirectories[0].members  not a way to know accounts; write domain, { file: PATH } or { lookup: { url: …, token: … } }',
      'a.yaml:10:14  homeDirectories[0].inbound  unknown value "block"; did you mean "blocked"?',
      'a.yaml:11:18  homeDirectories[0].regionScope  not a region scope; write it like USGOV',
      'a.yaml:12:5  homeDirectories[1].id  required key missing; add "id"',
      'a.yaml:12:5  homeDirectories[1].oidc  required key missing; add "oidc"',
      'a.yaml:13:14  homeDirectories[1].domains  no domain; add one',
      'a.yaml:14:1  federation  unknown key "federation"; did you mean "federations"?',
      'a.yaml:16:5  federations[0]  neither oidc nor saml; write one of the two',
      'a.yaml:17:19  consumerAccounts.members  required key missing; add "members"',
      'a.yaml:18:56  google.issuers  unknown key "issuers"; did you mean "issuer"?',
    ]);
  });

  it('S53 S58 refuses plain http and a literal secret on a public server', async () => {
    const more =
      'oidc: { issuer: http://127.0.0.1:1, clientId: x, clientSecret: hunter2 }, members: { lookup: { url: http://127.0.0.1:2, token: hunter3 } }';
    const text = `homeDirectories:\n${home('h', 'h.example', more)}`;
    const lines = await faultsIn(text, { isPublic: true });
    assert.deepEqual(
      lines.map((line) => line.split('  ')[1]),
      [
        'homeDirectories[0].oidc.issuer',
        'homeDirectories[0].oidc.clientSecret',
        'homeDirectories[0].members.lookup.url',
        'homeDirectories[0].members.lookup.token',
      ],
    );
    assert.doesNotMatch(lines.join('\n'), /hunter/);
    const [found] = await connectionsOf(text);
    assert.deepEqual(found!.members, { by: 'lookup', url: 'http://127.0.0.1:2', token: 'hunter3' });
  });

  it('keeps where the domains of directories and federations stand', async () => {
    const { places } = await check(`federations:\n${home('f', 'a.example, B.example')}`);
    const place = { tenant: 'a', connection: 'f', file: 'tenants/a.yaml', line: 4 };
    assert.deepEqual(places, [
      { ...place, domain: 'a.example', column: 43, path: 'federations[0].domains[0]' },
      { ...place, domain: 'b.example', column: 54, path: 'federations[0].domains[1]' },
    ]);
  });
});
