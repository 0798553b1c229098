// A server, and an administrator at another machine: the command line by the admin API, each a
// process of its own.

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { docsClient, opsClient } from '../support/admin-api.ts';
import { runCommand, type ServerProcess, startProcess } from '../support/processes.ts';
import {
  addGuests,
  CALLBACK,
  createInstallation,
  freePort,
  type Installation,
  secretOf,
} from '../support/world.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe('the command line at another machine', function () {
  this.timeout(120_000);
  let installation: Installation;
  let server: ServerProcess;
  let env: Record<string, string>;

  before(async () => {
    const port = await freePort();
    installation = await createInstallation({
      settings: { adminListen: `127.0.0.1:${port}` },
      tenants: {
        a: { clients: [docsClient('a'), opsClient('a')] },
        b: { clients: [docsClient('b'), opsClient('b')] },
      },
    });
    await addGuests(installation, 'otp@partner.example');
    server = await startProcess(installation.folder);
    env = {
      GUESTPASS_URL: `http://127.0.0.1:${port}`,
      GUESTPASS_CLIENT_ID: 'ops',
      GUESTPASS_CLIENT_SECRET: secretOf('a'),
    };
  });
  after(async () => {
    await server.stop();
    await installation.remove();
  });

  const run = (words: string, more: Record<string, string> = {}) =>
    runCommand(words.split(' '), { ...env, ...more });
  const json = async (words: string) => JSON.parse((await run(`${words} --json`)).stdout);

  it('R60 R68 invites, shows, blocks, unblocks and resets', async () => {
    for (const name of ['ana', 'bo', 'cleo']) {
      const made = await run(`invite ${name}@partner.example --redirect ${CALLBACK} --tenant a`);
      assert.equal(made.code, 0, made.stderr);
      await installation.relay.nextMail(`${name}@partner.example`);
    }
    const listed: { address: string }[] = await json('guests list --tenant a');
    assert.equal(listed.length, 4);
    assert.equal((await json('guests show ana@partner.example --tenant a'))[0].kind, 'invited');
    assert.equal((await run('guests block ana@partner.example --tenant a')).code, 0);
    const barred = await run('explain --email ana@partner.example --tenant a');
    assert.deepEqual([barred.code, /guests unblock ana@/.test(barred.stdout)], [1, true]);
    assert.equal((await run('guests unblock ana@partner.example --tenant a')).code, 0);
    assert.equal((await json('explain --email otp@partner.example --tenant a')).tenant, 'a');
    const reset = await json('guests reset otp@partner.example --no-mail --tenant a');
    assert.equal(reset.outcome, 'reset');
  });

  it('R41 sets nothing that locks guests out before somebody says yes', async () => {
    await addGuests(installation, 'late@partner.example');
    const set = 'tenant set a emailOneTimePasscode disabled';
    const asked = await run(set);
    assert.equal(asked.code, 1);
    assert.match(asked.stderr, /could no longer sign in: passcodes are off/);
    assert.equal((await json('tenant show a')).emailOneTimePasscode, 'default');
    assert.equal((await run(`${set} --yes`)).code, 0);
    assert.equal((await json('tenant show a')).emailOneTimePasscode, 'disabled');
    assert.equal((await run('tenant set a emailOneTimePasscode enabled')).code, 0);
  });

  it('S64 tells what was done, and by which application', async () => {
    const { code, stdout } = await run('audit tail --tenant a --event guest. --json');
    assert.equal(code, 0);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; actor: string });
    assert.deepEqual(
      events.map(({ event }) => event),
      ['guest.block', 'guest.unblock'],
    );
    assert.equal(events[0]?.actor, 'application ops');
  });

  it('S33 gets nowhere with the secret of another tenant, and says so', async () => {
    const wrong = await run('guests list --tenant b');
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /does not know GUESTPASS_CLIENT_ID with GUESTPASS_CLIENT_SECRET/);
    const local = await run(`guests list --tenant b --config ${installation.folder}`);
    assert.equal(local.code, 0, local.stderr);
    const files = await run(`validate --url ${env['GUESTPASS_URL']}`);
    assert.deepEqual([files.code, /needs the files/.test(files.stderr)], [2, true]);
  });

  it('R60 invites each row of a file once, killed in the middle and resumed', async () => {
    const emails = Array.from({ length: 400 }, (_, index) => `g${index}@many.example`);
    const file = join(installation.folder, 'many.csv');
    await writeFile(file, ['email', ...emails, emails[7]].join('\n'));
    const words = ['invite', '--csv', file, '--tenant', 'a', '--no-mail', '--redirect', CALLBACK];
    const child: ChildProcess = spawn(process.execPath, [MAIN, ...words], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const exited = once(child, 'exit');
    let created = 0;
    // The server writes a line for the auditor as it makes each guest.
    const lines = createInterface({ input: server.child.stdout! }).on('line', (line) => {
      if (line.includes('"invitation.create"')) created += 1;
      if (created === 120) child.kill('SIGKILL');
    });
    await exited;
    lines.close();
    assert.equal(child.signalCode, 'SIGKILL');
    const ended = await runCommand([...words, '--resume', '--json'], env);
    assert.equal(ended.code, 0, ended.stderr);
    const rows: Record<string, string>[] = parse(await readFile(`${file}.result.csv`), {
      columns: true,
    });
    assert.equal(rows.length, 401);
    const invited = rows.filter(({ outcome }) => outcome === 'invited');
    assert.deepEqual(new Set(invited.map(({ email }) => email)), new Set(emails));
    // A second invitation would have left a link that is worth nothing in the file.
    assert.equal(new Set(invited.map(({ link }) => link)).size, 400);
    const made = server.output.filter(
      (line) => line.includes('"invitation.create"') && line.includes('"outcome":"invited_again"'),
    );
    assert.deepEqual(made, []);
  });

  it('ends with 3 when the server is gone', async () => {
    await server.stop();
    const { code, stderr } = await run('guests list --tenant a');
    assert.deepEqual([code, /cannot be reached: ECONNREFUSED/.test(stderr)], [3, true]);
  });
});
