import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { backup } from '../../src/cli/backup.ts';
import { healthcheck } from '../../src/cli/healthcheck.ts';
import { init } from '../../src/cli/init.ts';
import { rotateKeys } from '../../src/cli/keys.ts';
import { revokeKeys } from '../../src/cli/keys-revoke.ts';
import { migrateNow } from '../../src/cli/migrate.ts';
import { writeSchemas } from '../../src/cli/schema.ts';
import { openStore } from '../../src/storage/open-store.ts';
import { checkConfiguration, loadConfiguration } from '../../src/tenants/configuration.ts';
import { Jar } from '../support/jar.ts';
import { runCommand, startProcess } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  freePort,
  type Installation,
  startWorld,
  stores,
  type World,
} from '../support/world.ts';
import { listen, listenJson } from './said.ts';

describe('guestpass init, schema, migrate, backup, healthcheck', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-setup-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('writes a configuration that runs as it is, and says what comes next', async () => {
    const config = join(folder, 'config');
    const said = await listen((output) => init(config, output));
    assert.equal(said.code, 0);
    const [, next, ...commands] = said.out.split('\n');
    assert.equal(next, 'Next:');
    assert.deepEqual(
      commands.map((line) => line.trim().split(' ').slice(0, 2).join(' ')),
      ['guestpass validate', 'guestpass invite', 'guestpass demo'],
    );
    assert.deepEqual((await checkConfiguration(config, {})).faults, []);
    const file = join(config, 'guestpass.yaml');
    const port = await freePort();
    await writeFile(file, (await readFile(file, 'utf8')).replaceAll('3000', String(port)));
    const invited = commands[1]!.trim().split(' ').slice(1);
    assert.equal((await runCommand(invited)).code, 0);
    const server = await startProcess(config);
    const issuer = `http://127.0.0.1:${port}/demo/v2.0`;
    const answer = await fetch(`${issuer}/.well-known/openid-configuration`);
    assert.equal(((await answer.json()) as { issuer: string }).issuer, issuer);
    assert.equal(await server.stop(), 0);
  });

  it('writes nothing over, and makes another secret for each installation', async () => {
    const config = join(folder, 'config');
    await init(config, { say: () => {}, warn: () => {} });
    const tenant = join(config, 'tenants/demo.yaml');
    const before = await readFile(tenant, 'utf8');
    assert.equal((await stat(tenant)).mode & 0o777, 0o600);
    const again = await listen((output) => init(config, output));
    assert.equal(again.code, 1);
    assert.match(again.err, /guestpass\.yaml is there already; nothing was written$/);
    assert.equal(await readFile(tenant, 'utf8'), before);
    await rm(join(config, 'guestpass.yaml'));
    assert.match((await listen((output) => init(config, output))).err, /demo\.yaml is there/);
    await assert.rejects(stat(join(config, 'guestpass.yaml')));
    await init(join(folder, 'other'), { say: () => {}, warn: () => {} });
    assert.notEqual(await readFile(join(folder, 'other/tenants/demo.yaml'), 'utf8'), before);
  });

  it('writes the schemas beside the files, or where it is told', async () => {
    const said = await listen((output) => writeSchemas({ config: folder }, output));
    assert.equal(said.out.split('\n').length, 2);
    const here = await readFile(join(folder, '.schema/tenant.schema.json'), 'utf8');
    const out = join(folder, 'out');
    await listen((output) => writeSchemas({ config: folder, out }, output));
    assert.equal(await readFile(join(out, 'tenant.schema.json'), 'utf8'), here);
    const root = new URL('../../config/.schema/tenant.schema.json', import.meta.url);
    assert.equal(here, await readFile(root, 'utf8'));
  });

  for (const store of stores) {
    it(`migrates a new ${store} database, after saying what would run`, async () => {
      const installation = await createInstallation({ store });
      const config = installation.folder;
      const migrate = (dryRun: boolean) =>
        listenJson((output) => migrateNow({ config, dryRun }, output));
      const foreseen = await migrate(true);
      assert.match(foreseen.err, /These would run; nothing was changed\./);
      assert.deepEqual((await migrate(true)).out, foreseen.out);
      const ran = await migrate(false);
      assert.deepEqual(ran.out, foreseen.out);
      assert.notEqual(ran.out, '[]');
      const again = await migrate(true);
      assert.deepEqual(
        [again.out, again.err],
        ['[]', 'The database has every migration of this version.'],
      );
      await installation.remove();
    });
  }

  it('migrates before the first start, and the server starts', async () => {
    const config = join(folder, 'config');
    await listen((output) => init(config, output));
    const said = await listen((output) => migrateNow({ config }, output));
    assert.deepEqual([said.code, /Made \S+sealing-key/.test(said.err)], [0, true]);
    await loadConfiguration(config, {});
  });

  it('ends with 3 when there is no database server', async () => {
    const installation = await createInstallation({
      settings: { database: `mysql://u:p@127.0.0.1:${await freePort()}/g` },
    });
    const words = ['--config', installation.folder];
    const { code, stderr } = await runCommand(['migrate', '--dry-run', ...words]);
    assert.deepEqual([code, /^The database cannot be reached: /m.test(stderr)], [3, true]);
    const saved = await runCommand(['backup', join(folder, 'b.db'), ...words]);
    assert.deepEqual([saved.code, /mariadb-dump/.test(saved.stderr)], [1, true]);
    await installation.remove();
  });

  it('copies the database while a server writes, for nobody else to read', async () => {
    const world = await startWorld();
    const names = Array.from({ length: 40 }, (_, index) => `b${index}@partner.example`);
    await world.invite('first@partner.example');
    const writing = Promise.all(names.map((name) => world.invite(name)));
    const copy = join(folder, 'copy.db');
    const said = await listen((output) => backup(copy, { config: world.folder }, output));
    await writing;
    assert.deepEqual([said.code, said.out], [0, copy]);
    assert.equal((await stat(copy)).mode & 0o777, 0o600);
    const again = await listen((output) => backup(copy, { config: world.folder }, output));
    assert.deepEqual([again.code, /is there already/.test(again.err)], [1, true]);
    await world.close();
    const store = await openStore({ kind: 'sqlite', file: copy });
    assert.ok(await store.guests.findByAddress('a', 'first@partner.example'));
    await store.close();
  });

  it('names the keys a copy needs, and copies nothing that is not there', async () => {
    const config = join(folder, 'config');
    await init(config, { say: () => {}, warn: () => {} });
    const early = await listen((output) => backup(join(folder, 'b.db'), { config }, output));
    assert.deepEqual([early.code, /there is no .* yet/.test(early.err)], [1, true]);
    await addGuests({ folder: config }).catch(() => undefined);
    const said = await listen((output) => backup(join(folder, 'b.db'), { config }, output));
    assert.match(said.err, /keep them too: \S+pepper \S+sealing-key \S+cookie-key$/);
  });

  it('asks the server by its own name, or what it is told', async () => {
    const world = await startWorld();
    const config = world.folder;
    const check = (more: { url?: string } = {}) =>
      listen((output) => healthcheck({ config, ...more }, output));
    const well = await check();
    assert.equal(well.code, 0, well.err);
    assert.match(well.out, /\/a\/v2\.0\/\.well-known\/openid-configuration {2}200$/);
    assert.equal((await check({ url: `${world.publicUrl}/nowhere` })).code, 1);
    assert.equal((await check({ url: 'nonsense' })).code, 2);
    await world.server.close();
    const down = await check();
    assert.deepEqual([down.code, /no answer: ECONNREFUSED/.test(down.err)], [3, true]);
    await rm(config, { recursive: true });
    await world.relay.stop();
  });

  it('asks the private listener where there is one', async () => {
    const asked: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url);
      response.writeHead(503).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const installation = await createInstallation({
      settings: { adminListen: `127.0.0.1:${port}` },
    });
    const options = { config: installation.folder };
    const said = await listen((output) => healthcheck(options, output));
    assert.deepEqual([said.code, asked], [1, ['/readyz']]);
    server.close();
    await installation.remove();
  });
});

describe('guestpass keys', () => {
  let installation: Installation;
  before(async () => {
    installation = await createInstallation();
  });
  after(() => installation.remove());
  const at = () => ({ config: installation.folder, tenant: 'a' });

  it('rotates, tells the auditor, and makes no second next key', async () => {
    await listen((output) => rotateKeys(at(), output));
    const said = await listen((output) => rotateKeys({ ...at(), actor: 'boss' }, output));
    assert.equal(said.code, 0);
    assert.match(said.out, /^\S{16} {2}ES256 {2}signs from 20\S+Z {2}a\n\S{16} {2}RS256 {2}/);
    const line: Record<string, unknown> = JSON.parse(said.err);
    assert.deepEqual([line['event'], line['actor'], line['audit']], ['keys.rotate', 'boss', true]);
    const again = await listen((output) => rotateKeys(at(), output));
    assert.deepEqual(
      [again.code, /published already; guestpass keys list/.test(again.err)],
      [1, true],
    );
    const hurried = await listen((output) => rotateKeys({ ...at(), now: true }, output));
    assert.match(hurried.err, /refuse tokens until they ask again\.$/m);
  });

  it('lists keys with their states, and nothing secret', async () => {
    const { code, stdout } = await runCommand([
      'keys',
      'list',
      '--tenant',
      'a',
      '--config',
      installation.folder,
      '--json',
    ]);
    assert.equal(code, 0);
    const keys: Record<string, unknown>[] = JSON.parse(stdout);
    assert.deepEqual(
      keys.slice(0, 3).map(({ state }) => state),
      ['published', 'next', 'signing'],
    );
    assert.deepEqual(Object.keys(keys[0]!), [
      'kid',
      'algorithm',
      'state',
      'createdAt',
      'activeFrom',
      'retiredAt',
    ]);
  });
});

describe('guestpass keys revoke', () => {
  let installation: Installation;
  before(async () => {
    installation = await createInstallation();
  });
  after(() => installation.remove());
  const at = () => ({ config: installation.folder, tenant: 'a' });

  it('says that there is nothing to revoke', async () => {
    const said = await listen((output) => revokeKeys({ ...at(), yes: true }, output));
    assert.equal(said.code, 1);
    assert.match(said.err, /^a has no signing key yet/);
  });

  it('S37 says what breaks and asks; without a yes nothing changes', async () => {
    await listen((output) => rotateKeys(at(), output));
    const questions: string[] = [];
    for (const answer of [false, undefined]) {
      const said = await listen((output) =>
        revokeKeys(at(), output, async (question) => {
          questions.push(question);
          return answer;
        }),
      );
      assert.equal(said.code, 1);
      assert.equal(said.out, '');
      assert.match(said.err, /ES256 {2}signing {2}a {2}is revoked: it is never believed again/);
      assert.match(said.err, /refuse ID tokens it signed/);
      assert.match(said.err, /Sessions stay/);
      assert.match(said.err, /Nothing was changed/);
      assert.equal(/add --yes/.test(said.err), answer === undefined);
    }
    assert.deepEqual(questions, Array(2).fill('Revoke these keys for good?'));
    const { stdout } = await runCommand(['keys', 'list', '--tenant', 'a', '--json', ...config()]);
    const states = (JSON.parse(stdout) as { state: string }[]).map(({ state }) => state);
    assert.deepEqual(states, ['signing', 'signing']);
  });

  it('S64 revokes after a yes, tells the auditor, and lists the key as revoked', async () => {
    const said = await listen((output) =>
      revokeKeys({ ...at(), actor: 'boss' }, output, async () => true),
    );
    assert.equal(said.code, 0);
    const lines = said.out.split('\n');
    const [first = '', second = ''] = lines.map((line) => line.split('  ')[0] ?? '');
    assert.deepEqual(lines.slice(0, 2), [`${first}  revoked  a`, `${second}  revoked  a`]);
    assert.match(lines.slice(2).join(), /^\S{16} {2}ES256 {2}signs now {2}a,\S{16} {2}RS256/);
    const line: Record<string, unknown> = JSON.parse(said.err.split('\n').at(-1) ?? '');
    assert.deepEqual(
      [line['event'], line['actor'], line['audit'], line['kids'], line['sessionsEnded']],
      ['keys.revoke', 'boss', true, [first, second], false],
    );
    const again = await listen((output) => revokeKeys({ ...at(), kid: first, yes: true }, output));
    assert.equal(again.code, 1);
    assert.match(again.err, new RegExp(`^a has no signing key ${first} that is believed`));
  });

  it('gives programs one object', async () => {
    const words = ['keys', 'revoke', '--tenant', 'a', '--yes', '--end-sessions', '--json'];
    const said = await runCommand([...words, ...config()]);
    assert.equal(said.code, 0);
    const { signing, ...rest } = JSON.parse(said.stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(rest), ['tenant', 'revoked', 'sessionsEnded']);
    assert.equal(rest['sessionsEnded'], true);
    assert.equal((signing as unknown[]).length, 2);
  });

  function config(): readonly string[] {
    return ['--config', installation.folder];
  }
});

describe('a server whose keys are rotated', () => {
  let world: World;
  let now = Math.floor(Date.now() / 1000);
  before(async () => {
    world = await startWorld({ clock: () => now });
    await world.invite('teri@partner.example');
  });
  after(() => world.close());

  const published = async (): Promise<number> => {
    const answer = await fetch(`${world.publicUrl}/a/v2.0/jwks`);
    return ((await answer.json()) as { keys: unknown[] }).keys.length;
  };

  it('S37 publishes the next keys within a minute, and tokens of before and after fit', async () => {
    assert.equal(await published(), 2);
    await world.server.guests.parts.signingKeys.rotate('a');
    now += 59;
    assert.equal(await published(), 2);
    now += 1;
    assert.equal(await published(), 4);
    const jar = new Jar();
    const begun = await world.begin();
    const tokens = await world.redeem(
      begun,
      await world.signIn(jar, begun, 'teri@partner.example'),
    );
    assert.ok(tokens.id_token);
    const keys = createRemoteJWKSet(new URL(`${world.publicUrl}/a/v2.0/jwks`));
    const { protectedHeader } = await jwtVerify(tokens.id_token, keys, {
      currentDate: new Date(now * 1000),
    });
    const listed = await world.server.guests.parts.signingKeys.list('a');
    assert.equal(listed.find(({ kid }) => kid === protectedHeader.kid)?.state, 'signing');
  });
});
