import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { appendFile } from 'node:fs/promises';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
} from '../support/world.ts';
import { startLoad, UNBOUND } from './load.ts';
import { createServer, type Server } from './servers.ts';
import { until } from './until.ts';

const GUESTS = ['ana@partner.example', 'ben@partner.example', 'cyd@partner.example'];

/** A connection that ended under a request, in the words of either client. */
const BROKEN_OFF = /ECONNRESET|EPIPE|socket hang up|ECONNREFUSED|UND_ERR_SOCKET/;

describe('guestpass serve with several processes', function () {
  this.timeout(180_000);
  let installation: Installation;
  let server: Server;

  before(async () => {
    installation = await createInstallation({ settings: UNBOUND });
    await addGuests(installation, ...GUESTS);
    server = await createServer(installation, {
      processes: 2,
      listen: new URL(installation.publicUrl).host,
    });
    const { output } = await server.start();
    assert.match(output.join('\n'), /^Listening on \S+ in 2 processes\. Issuers:$/m);
  });
  after(async () => {
    await server.remove();
    await installation.remove();
  });

  it('F23 goes on when one is killed, and starts another', async () => {
    const walker = createWalker(installation);
    const load = startLoad(walker, installation.relay, GUESTS);
    await load.more(3);
    const [first = 0, second = 0] = workersOf(server);
    assert.equal(await stateOf(server), 'ready');
    process.kill(first, 'SIGKILL');
    await server.running.line(/"event":"process\.lost"/);
    const workers = await until('another process', () => {
      const now = workersOf(server);
      return now.length === 2 && now;
    });
    assert.ok(workers.includes(second) && !workers.includes(first));
    await until('both to serve', async () => (await stateOf(server)) === 'ready');
    await load.more(6);
    const { failures } = await load.stop();
    // What the killed process was answering breaks off; every guest who tries again gets in.
    for (const failure of failures) assert.match(failure, BROKEN_OFF);
    assert.ok(failures.length <= GUESTS.length, failures.join('\n'));
  });

  it('counts for all of them, also for those that ended', async () => {
    const before = await signIns(server);
    assert.ok(before >= 9);
    const walker = createWalker(installation);
    const load = startLoad(walker, installation.relay, GUESTS);
    await load.more(6);
    const { done } = await load.stop();
    const after = await signIns(server);
    assert.equal(after, before + done);
    const [victim = 0] = workersOf(server);
    process.kill(victim, 'SIGKILL');
    await until('another process', async () => {
      return !workersOf(server).includes(victim) && (await stateOf(server)) === 'ready';
    });
    assert.equal(await signIns(server), after);
  });

  it('F20 has all read their files again at SIGHUP', async () => {
    const before = server.running.output.length;
    // Each of them says so itself.
    await appendFile(`${server.folder}/tenants/b.yaml`, 'termsUrl: https://b.example/terms\n');
    server.running.child.kill('SIGHUP');
    await until('both', () => {
      const lines = server.running.output.slice(before);
      return lines.filter((line) => line.includes('"configuration.reloaded"')).length === 2;
    });
  });

  it('F19 ends all of them with exit code 0 at SIGTERM, under load, and answers no request with a fault', async () => {
    const walker = createWalker(installation);
    const load = startLoad(walker, installation.relay, GUESTS);
    await load.more(3);
    const workers = workersOf(server);
    assert.equal(await server.running.stop(), 0);
    for (const pid of workers) assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    const { failures } = await load.stop();
    // Whoever comes later finds nobody, or is cut off before anybody took the connection. That what was
    // taken is answered is shown by test/server/listening.test.ts.
    for (const failure of failures) assert.match(failure, BROKEN_OFF);
  });
});

/** The processes that one process started. */
function workersOf(server: Server): readonly number[] {
  const pid = server.running.child.pid ?? 0;
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return text.split(' ').filter(Boolean).map(Number);
}

async function stateOf(server: Server): Promise<string> {
  const { text } = await server.admin('/readyz');
  return text.trim();
}

async function signIns(server: Server): Promise<number> {
  const { text } = await server.admin('/metrics');
  const line = /^guestpass_sign_ins_total\{tenant="a",outcome="finished",[^}]*\} (\d+)$/m.exec(
    text,
  );
  return Number(line?.[1] ?? 0);
}
