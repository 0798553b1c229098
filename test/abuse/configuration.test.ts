import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { ConfigurationError, formatFault } from '../../src/settings/fault.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { runCommand } from '../support/processes.ts';
import { type Fortress, fortressOf, tenantFile } from './fortress.ts';

const KEY = randomBytes(32).toString('hex');

describe('attacks by configuration', function () {
  this.timeout(180_000);
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'guestpass-files-'));
  });
  after(() => rm(root, { recursive: true, force: true }));

  const env = {
    GUESTPASS_PEPPER: KEY,
    GUESTPASS_SEALING_KEY: randomBytes(32).toString('hex'),
    GUESTPASS_COOKIE_KEY: randomBytes(32).toString('hex'),
    CLIENT_SECRET: randomBytes(32).toString('base64url'),
    OPS_SECRET: randomBytes(32).toString('base64url'),
  };
  const sound = {
    publicUrl: 'https://guest.test',
    listen: '127.0.0.1:0',
    database: 'sqlite:data.db',
    mail: { transport: 'smtp://127.0.0.1:25', from: 'no-reply@guestpass.example' },
  };

  /** A folder of these files; values that are no text are written as YAML. */
  async function folder(files: Readonly<Record<string, unknown>>): Promise<string> {
    const path = await mkdtemp(join(root, 'config-'));
    await mkdir(join(path, 'tenants'));
    const all: Record<string, unknown> = {
      'guestpass.yaml': sound,
      'tenants/a.yaml': tenantFile('a'),
      ...files,
    };
    for (const [name, content] of Object.entries(all)) {
      if (content === undefined) continue;
      await writeFile(join(path, name), typeof content === 'string' ? content : stringify(content));
    }
    return path;
  }

  it('T26 S3 starts with no pepper, a short one, a well-known one, zeros: ends with a sentence, and never shows it', async () => {
    const { GUESTPASS_PEPPER: _, ...without } = env;
    const settings = { ...sound, database: 'mysql://u@localhost/g' };
    const path = await folder({ 'guestpass.yaml': settings });
    const bad = [undefined, '', 'short', '0'.repeat(64), 'changeme'.repeat(8), 'A'.repeat(43)];
    const ends = await Promise.all(
      bad.map(async (pepper) => {
        const given = pepper === undefined ? without : { ...without, GUESTPASS_PEPPER: pepper };
        return { pepper, ...(await runCommand(['serve', '--config', path], given)) };
      }),
    );
    for (const { pepper, code, stderr } of ends) {
      assert.notEqual(code, 0, pepper);
      assert.match(stderr, /pepper/i, pepper);
      if (pepper !== undefined && pepper.length > 8) assert.ok(!stderr.includes(pepper));
      assert.doesNotMatch(stderr, /\bat \S+ \(/);
    }
  });

  const client = {
    client_id: 'docs',
    client_secret: { env: 'CLIENT_SECRET' },
    redirect_uris: ['https://app.example/cb'],
  };
  const withClient = (changes: object): object =>
    tenantFile('a', { clients: [{ ...client, ...changes }] });
  const faults: readonly (readonly [string, Readonly<Record<string, unknown>>, RegExp])[] = [
    [
      '__proto__ as a key',
      { 'tenants/a.yaml': 'id: a\ndisplayName: A\n__proto__:\n  x: 1\n' },
      /a\.yaml/,
    ],
    [
      'constructor and prototype',
      { 'tenants/a.yaml': 'id: a\ndisplayName: A\nconstructor: { prototype: { x: 1 } }\n' },
      /a\.yaml/,
    ],
    [
      '__proto__ in JSON',
      {
        'tenants/a.yaml': undefined,
        'tenants/a.json': '{"id":"a","displayName":"A","__proto__":{"x":1}}',
      },
      /a\.json/,
    ],
    ['a key twice', { 'tenants/a.yaml': 'id: a\nid: b\ndisplayName: A\n' }, /a\.yaml:2/],
    [
      'a key twice in JSON',
      { 'tenants/a.yaml': undefined, 'tenants/a.json': '{"id":"a","id":"b","displayName":"A"}' },
      /a\.json/,
    ],
    ['a key nobody knows', { 'tenants/a.yaml': tenantFile('a', { admin: true }) }, /admin/],
    [
      'a wrong type',
      { 'tenants/a.yaml': tenantFile('a', { verifiedDomains: 'a.example' }) },
      /verifiedDomains/,
    ],
    [
      'aliases that grow to a billion',
      {
        'tenants/a.yaml': `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: [*b,*b,*b,*b,*b,*b]\n`,
      },
      /a\.yaml/,
    ],
    ['a tag', { 'tenants/a.yaml': 'id: !!js/function "x"\ndisplayName: A\n' }, /a\.yaml/],
    [
      'fifty megabytes',
      { 'tenants/a.yaml': `id: a\ndisplayName: A\n#${'x'.repeat(50_000_000)}` },
      /a\.yaml.*(?:large|MiB|1)/,
    ],
    ['a hundred thousand nestings', { 'tenants/a.yaml': `id: ${'['.repeat(100_000)}` }, /a\.yaml/],
    ['an id that climbs', { 'tenants/a.yaml': tenantFile('../x') }, /id/],
    ['an id in capitals', { 'tenants/a.yaml': tenantFile('A') }, /id/],
    ['an id that is a route', { 'tenants/a.yaml': tenantFile('assets') }, /reserved/],
    ['an id that is an audience', { 'tenants/a.yaml': tenantFile('common') }, /reserved/],
    ['one id in two files', { 'tenants/b.yaml': tenantFile('a', { verifiedDomains: [] }) }, /id/],
    [
      'one domain at two tenants',
      { 'tenants/b.yaml': tenantFile('b', { verifiedDomains: ['a.example'] }) },
      /a\.example/,
    ],
    [
      'a client twice',
      {
        'tenants/a.yaml': tenantFile('a', {
          clients: [client, structuredClone(client)],
        }),
      },
      /docs/,
    ],
    [
      'http to another machine',
      { 'tenants/a.yaml': withClient({ redirect_uris: ['http://app.example/cb'] }) },
      /redirect_uris/,
    ],
    [
      'a wildcard',
      { 'tenants/a.yaml': withClient({ redirect_uris: ['https://*.app.example/cb'] }) },
      /wildcard/,
    ],
    [
      'a fragment',
      { 'tenants/a.yaml': withClient({ redirect_uris: ['https://app.example/cb#x'] }) },
      /fragment/,
    ],
    [
      'javascript: as redirect',
      { 'tenants/a.yaml': withClient({ redirect_uris: ['javascript:alert(1)'] }) },
      /redirect_uris/,
    ],
    [
      'javascript: as home page',
      { 'tenants/a.yaml': withClient({ client_uri: 'javascript:alert(1)' }) },
      /client_uri/,
    ],
    [
      'javascript: as privacy page',
      { 'tenants/a.yaml': tenantFile('a', { privacyUrl: 'javascript:alert(1)' }) },
      /privacyUrl/,
    ],
    [
      'a secret in the file',
      {
        'tenants/a.yaml': withClient({ client_secret: 'hunter2-hunter2-hunter2-hunter2-hunter2' }),
      },
      /client_secret/,
    ],
    [
      'HS256',
      { 'tenants/a.yaml': withClient({ id_token_signed_response_alg: 'HS256' }) },
      /id_token_signed_response_alg/,
    ],
    [
      'alg none',
      { 'tenants/a.yaml': withClient({ id_token_signed_response_alg: 'none' }) },
      /id_token_signed_response_alg/,
    ],
    [
      'the implicit flow',
      { 'tenants/a.yaml': withClient({ response_types: ['id_token'] }) },
      /response_types/,
    ],
    [
      'six digits',
      { 'guestpass.yaml': { ...sound, limits: { passcodeDigits: 6 } } },
      /passcodeDigits/,
    ],
    [
      '31 minutes',
      { 'guestpass.yaml': { ...sound, limits: { passcodeLifetimeSeconds: 1860 } } },
      /passcodeLifetimeSeconds/,
    ],
    [
      'eleven failures a day',
      { 'guestpass.yaml': { ...sound, limits: { failuresPerAddressPerDay: 11 } } },
      /failuresPerAddressPerDay/,
    ],
    [
      'unsafe limits on the internet',
      { 'guestpass.yaml': { ...sound, unsafeLimits: true } },
      /unsafeLimits/,
    ],
    [
      'plain http on the internet',
      { 'guestpass.yaml': { ...sound, publicUrl: 'http://guest.test' } },
      /publicUrl/,
    ],
    [
      'a mailbox on the internet',
      { 'guestpass.yaml': { ...sound, mail: { ...sound.mail, transport: 'mailbox' } } },
      /mail/,
    ],
    [
      'a sender with two addresses',
      { 'guestpass.yaml': { ...sound, mail: { ...sound.mail, from: 'a@b.example,c@d.example' } } },
      /from/,
    ],
    [
      'everybody as proxy',
      { 'guestpass.yaml': { ...sound, trustedProxies: ['*'] } },
      /trustedProxies/,
    ],
  ];

  it(`T85 S57 ${faults.length} files that would be dangerous: refused, with file and reason, and without the secret`, async () => {
    const wrong: string[] = [];
    for (const [what, files, says] of faults) {
      const said = await refusalOf(await folder(files));
      if (said === undefined) wrong.push(`${what}: taken`);
      else if (!says.test(said)) wrong.push(`${what}: ${said.slice(0, 200)}`);
      if (said?.includes('hunter2')) wrong.push(`${what}: shows the secret`);
      if (/\bat \S+ \(\S+:\d+/.test(said ?? '')) wrong.push(`${what}: a stack`);
      if ((said?.length ?? 0) > 200_000) wrong.push(`${what}: ${said?.length} characters`);
      if ('x' in {} || 'prototype' in {}) wrong.push(`${what}: changed every object`);
    }
    assert.deepEqual(wrong, []);
  });

  /** What a start with this folder says, all of it; undefined when it would start. */
  async function refusalOf(path: string): Promise<string | undefined> {
    try {
      await loadConfiguration(path, env);
      return undefined;
    } catch (error) {
      if (error instanceof ConfigurationError) return error.faults.map(formatFault).join('\n');
      throw error;
    }
  }

  it('T87 S57 S58 a link, a pipe, a folder, a file nobody may read, a secret everybody may read: refused, and nothing hangs', async () => {
    const linked = await folder({});
    await writeFile(join(root, 'outside.yaml'), stringify(tenantFile('outside')));
    await symlink('/etc/shadow', join(linked, 'tenants', 'b.yaml'));
    const piped = await folder({});
    execFileSync('mkfifo', [join(piped, 'tenants', 'b.yaml')]);
    const nested = await folder({});
    await mkdir(join(nested, 'tenants', 'b.yaml'));
    const device = await folder({});
    await symlink('/dev/zero', join(device, 'tenants', 'b.yaml'));
    const loop = await folder({});
    await symlink(join(loop, 'tenants', 'b.yaml'), join(loop, 'tenants', 'b.yaml'));
    for (const path of [linked, piped, nested, device, loop]) {
      const said = (await refusalOf(path)) ?? '';
      assert.match(said, /b\.yaml/);
      assert.ok(!said.includes('root:'), 'a file of the system is shown');
    }
    const open = await folder({
      'tenants/a.yaml': withClient({ client_secret: { file: 'secret' } }),
      'tenants/secret': env.CLIENT_SECRET,
    });
    await chmod(join(open, 'tenants', 'secret'), 0o644);
    const wide = await runCommand(['validate', '--config', open], env);
    assert.notEqual(wide.code, 0);
    assert.match(wide.stdout + wide.stderr, /mode|0640|read/);
    assert.ok(!(wide.stdout + wide.stderr).includes(env.CLIENT_SECRET));
    const climbing = await folder({
      'tenants/a.yaml': withClient({ client_secret: { file: '../../../../../../etc/hostname' } }),
    });
    assert.notEqual(await refusalOf(climbing), undefined);
  });

  it('T85 S57 a running server is given a bad file: it says so, goes on with the last good ones, and takes the mended one', async () => {
    const fortress: Fortress = await fortressOf('sqlite');
    const before = fortress.servers.map(stale);
    await fortress.writeTenant('bad', 'id: bad\ndisplayName: [\n');
    await Promise.all(
      fortress.servers.map(async (server, index) => {
        while (stale(server) === before[index]) await server.nextLine();
      }),
    );
    const address = 'goeson@partner.example';
    await fortress.invite(address, 'door');
    const begun = await fortress.begin('door');
    const location = await fortress.signIn(fortress.browser(), address, begun);
    assert.ok((await fortress.redeem(begun, location)).claims());
    const health = await fetch(`http://127.0.0.1:${fortress.adminPorts[0]}/readyz?verbose`);
    assert.match(await health.text(), /\[-\]config stale: tenants\/bad\.yaml:\d+/);
    await fortress.writeTenant('bad', tenantFile('bad'));
    await fortress.reloaded('bad');
    assert.equal((await fortress.browser().get(`${fortress.origin}/bad/`)).status, 200);
  });
});

function stale(server: Fortress['servers'][number]): number {
  return server.output.filter((line) => line.includes('"event":"configuration.stale"')).length;
}
