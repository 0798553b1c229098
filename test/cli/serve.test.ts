import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand, startProcess } from '../support/processes.ts';
import { createInstallation } from '../support/world.ts';

describe('guestpass serve', function () {
  // Each of these starts a process or two.
  this.timeout(180_000);

  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-serve-'));
    await mkdir(join(folder, 'config', 'tenants'), { recursive: true });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('S57 names file, line, column and mending hint of every fault, and starts nothing', async () => {
    await writeFile(
      join(folder, 'config/guestpass.yaml'),
      'publicUrl: http://guest.example\nlisten: 127.0.0.1:0\ndatabase: sqlite:../data/g.db\n' +
        'mail: { transport: mailbox, from: no-reply@guestpass.example }\n',
    );
    await writeFile(
      join(folder, 'config/tenants/fabrikam.yaml'),
      'id: fabrikam\ndisplayName: Fabrikam\nverifiedDomains: [fabrikam.com]\n' +
        'emailOneTimePasscode: enable\nclients:\n  - client_id: docs\n    client_secrets: x\n' +
        '    redirect_uris: [http://app.example/cb]\n',
    );
    const { code, stderr } = await runCommand(['serve', '--config', join(folder, 'config')]);
    assert.equal(code, 1);
    assert.match(stderr, /guestpass\.yaml:1:12 {2}publicUrl {2}.*https/);
    assert.match(stderr, /tenants\/fabrikam\.yaml:4:23 .*did you mean "enabled"\?/);
    assert.match(stderr, /tenants\/fabrikam\.yaml:7:5 .*did you mean "client_secret"\?/);
    assert.match(stderr, /tenants\/fabrikam\.yaml:8:21 /);
    assert.deepEqual(await readdir(folder), ['config']);
  });

  it('T26 S3 does not start without the pepper it is told of', async () => {
    await writeFile(
      join(folder, 'config/guestpass.yaml'),
      'publicUrl: http://127.0.0.1:3000\ndatabase: sqlite:../data/g.db\nlisten: 127.0.0.1:0\n' +
        'mail: { transport: mailbox, from: a@guestpass.example }\n' +
        'secrets: { pepper: { env: NO_SUCH_PEPPER } }\n',
    );
    const { code, stderr } = await runCommand(['serve', '--config', join(folder, 'config')]);
    assert.equal(code, 1);
    assert.match(stderr, /guestpass\.yaml:5:\d+ .*NO_SUCH_PEPPER/);
  });

  it('says when the address is taken, and ends', async () => {
    const installation = await createInstallation();
    const server = await startProcess(installation.folder);
    const second = await runCommand(['serve', '--config', installation.folder]);
    await server.stop();
    await installation.remove();
    assert.equal(second.code, 1);
    assert.match(second.stderr, /EADDRINUSE/);
  });

  it('ends with 3 when its database file cannot be opened', async () => {
    const installation = await createInstallation();
    // A folder stands where the file should.
    await mkdir(join(installation.folder, 'data', 'guestpass.db'), { recursive: true });
    const { code, stderr } = await runCommand(['serve', '--config', installation.folder]);
    await installation.remove();
    assert.equal(code, 3);
    assert.match(stderr, /^The database cannot be reached/);
  });

  it('F1 waits for a database server that cannot be reached, and ends at once when told to', async () => {
    const installation = await createInstallation({
      settings: { database: 'mysql://nobody:nothing@127.0.0.1:1/none' },
    });
    const server = await startProcess(installation.folder, { ready: /"database\.awaited"/ });
    assert.match(server.output.join('\n'), /"seconds":1,"reason":"connect ECONNREFUSED/);
    assert.equal(await server.stop(), 0);
    await installation.remove();
  });

  for (const [processes, because] of [
    [0, 'processes  must be 1 or more'],
    ['all', 'processes  expected a whole number from 1 to 64, or auto'],
  ] as const) {
    it(`refuses ${processes} processes`, async () => {
      const installation = await createInstallation({ settings: { processes } });
      const { code, stderr } = await runCommand(['serve', '--config', installation.folder]);
      await installation.remove();
      assert.equal(code, 1);
      assert.ok(stderr.includes(because), stderr);
    });
  }

  it('says when the address is taken, and ends, also with several processes', async () => {
    const installation = await createInstallation({ settings: { processes: 2 } });
    const { port } = new URL(installation.publicUrl);
    const taker = createServer().listen(Number(port), '127.0.0.1');
    await once(taker, 'listening');
    const { code, stderr } = await runCommand(['serve', '--config', installation.folder]);
    taker.close();
    await installation.remove();
    assert.equal(code, 1);
    assert.match(stderr, /EADDRINUSE/);
  });

  it('ends with 2 for a wrong word, and with 0 for help', async () => {
    assert.equal((await runCommand(['serv'])).code, 2);
    assert.equal((await runCommand(['serve', '--confg', 'x'])).code, 2);
    const help = await runCommand(['serve', '--help']);
    assert.equal(help.code, 0);
    assert.match(help.stdout, /guestpass serve --config/);
  });
});
