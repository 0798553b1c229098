import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { type BulkInviteOptions, inviteList } from '../../src/cli/bulk-invite.ts';
import { createProgress, progressLine } from '../../src/cli/bulk-progress.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { runCommand } from '../support/processes.ts';
import { addGuests, createInstallation, type Installation } from '../support/world.ts';
import { listen, type Said } from './said.ts';

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe('guestpass invite --csv', () => {
  let installation: Installation;
  let store: Store;
  let files = 0;
  before(async () => {
    installation = await createInstallation({
      tenants: { a: { domains: { block: ['bad.example'] } } },
    });
    await addGuests(installation, 'here@partner.example');
    store = await openStore({
      kind: 'sqlite',
      file: installation.database.slice('sqlite:'.length),
    });
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });

  async function fileOf(...lines: readonly string[]): Promise<string> {
    files += 1;
    const file = join(installation.folder, `guests${files}.csv`);
    await writeFile(file, `${lines.join('\n')}\n`);
    return file;
  }
  const bring = (file: string, more: Partial<BulkInviteOptions> = {}): Promise<Said> => {
    const options = { config: installation.folder, tenant: 'a', mail: false, ...more };
    return listen((output) => inviteList(file, options, output));
  };
  const find = (email: string) => store.guests.findByAddress('a', email);
  it('says in the result file what became of every row, for nobody else to read', async () => {
    const file = await fileOf(
      'Email,displayName,company',
      'one@partner.example,"One, Only",X',
      'here@partner.example,,',
      'x@bad.example,,',
      'ONE@partner.example,,',
    );
    const said = await bring(file);
    assert.equal(said.code, 1);
    assert.match(
      said.out,
      /^1 invited {2}1 guests already {2}1 duplicate {2}1 failed {2}every row: /,
    );
    assert.match(said.err, /csv:5 {2}email {2}the address of line 2; left out$/m);
    assert.match(said.err, /csv:4 {2}x@bad\.example {2}domain_not_allowed$/m);
    const rows = await resultsOf(file);
    assert.deepEqual(
      rows.map(({ line, email, outcome, code }) => [line, email, outcome, code]),
      [
        ['2', 'one@partner.example', 'invited', ''],
        ['3', 'here@partner.example', 'already', ''],
        ['4', 'x@bad.example', 'failed', 'domain_not_allowed'],
        ['5', 'ONE@partner.example', 'duplicate', 'line_2'],
      ],
    );
    assert.match(rows[0]?.['link'] ?? '', /^http.*\/a\/invitation\?ticket=/);
    assert.equal((await stat(`${file}.result.csv`)).mode & 0o777, 0o600);
    assert.equal((await find('one@partner.example'))?.displayName, 'One, Only');
  });

  const toldTo = async (email: string) => {
    const { language, message } = (await find(email))!.invitation!;
    return [language, message];
  };
  it('R60 says to each what the row says, else what the command says', async () => {
    const file = await fileOf(
      'email,language,message',
      'm1@partner.example,de,Welcome.',
      'm2@partner.example,,',
    );
    await bring(file, { message: 'For all.', language: 'en', invitedBy: 'ana@a.example' });
    assert.deepEqual(await toldTo('m1@partner.example'), ['de', 'Welcome.']);
    assert.deepEqual(await toldTo('m2@partner.example'), ['en', 'For all.']);
  });

  it('tells every wrong row with its line, and changes nothing', async () => {
    const file = await fileOf('email', 'w1@partner.example', 'nonsense', '', 'also nonsense');
    const said = await bring(file);
    assert.equal(said.code, 1);
    assert.match(said.err, /csv:3 {2}email {2}not an .*\n.*csv:5 {2}email/);
    assert.equal(await find('w1@partner.example'), undefined);
    await assert.rejects(stat(`${file}.result.csv`));
    assert.match(
      (await bring(await fileOf('mail', 'a@b.example'))).err,
      /csv:1 {2}no column "email"/,
    );
    assert.match((await bring(await fileOf('email,x', 'a@b.example'))).err, /csv:2 {2}not CSV/);
    assert.equal((await bring('/nowhere/guests.csv')).code, 2);
  });

  it('foresees every row with --dry-run, and writes nothing', async () => {
    await bring(await fileOf('email', 'wait@partner.example'));
    const before = await find('wait@partner.example');
    const rows = ['new@partner.example', 'wait@partner.example', 'here@partner.example'];
    const file = await fileOf('email', ...rows, 'x@bad.example', 'new@partner.example');
    const said = await bring(file, { dryRun: true });
    assert.equal(said.code, 1);
    assert.equal(
      said.out,
      '1 invited  1 invited again  1 guests already  1 duplicate  1 failed  nothing was changed',
    );
    assert.equal(await find('new@partner.example'), undefined);
    assert.deepEqual(await find('wait@partner.example'), before);
    await assert.rejects(stat(`${file}.result.csv`));
  });

  it('invites nobody a second time by accident', async () => {
    const file = await fileOf('email', 'twice@partner.example');
    await bring(file);
    const first = await find('twice@partner.example');
    const again = await bring(file);
    assert.equal(again.code, 2);
    assert.match(again.err, /result\.csv is there already: add --resume/);
    const resumed = await bring(file, { resume: true });
    assert.deepEqual([resumed.code, resumed.out.split('  ')[0]], [0, 'no row left to invite']);
    assert.equal((await find('twice@partner.example'))?.invitationId, first?.invitationId);
  });

  it('tries what failed once more with --resume', async () => {
    const file = await fileOf('email', 'r1@partner.example', 'r2@bad.example');
    await bring(file);
    const said = await bring(file, { resume: true });
    assert.match(said.out, /^1 failed {2}/);
    const lines = (await resultsOf(file)).map(({ line }) => line);
    assert.deepEqual(lines, ['2', '3']);
  });

  it('resumes no file that was changed in between', async () => {
    const file = await fileOf('email', 'c1@partner.example', 'c2@partner.example');
    await bring(file);
    await writeFile(file, 'email\nc2@partner.example\nc1@partner.example\n');
    const said = await bring(file, { resume: true });
    assert.deepEqual([said.code, /csv:2 {2}changed since then/.test(said.err)], [1, true]);
  });

  it('takes a row that was invited before the crash, but not noted, for invited', async () => {
    const file = await fileOf(
      'email',
      'k1@bad.example',
      'k2@partner.example',
      'k3@partner.example',
    );
    await bring(await fileOf('email', 'k2@partner.example'));
    const first = (await find('k2@partner.example'))!;
    const at = new Date(first.invitedAt * 1000).toISOString();
    await writeFile(
      `${file}.result.csv`,
      'line,email,at,outcome,code,link\n' +
        `2,k1@bad.example,${at},failed,domain_not_allowed,\n3,k2@partner.example,${at},`,
    );
    assert.equal((await bring(file, { resume: true })).code, 1);
    assert.equal((await find('k2@partner.example'))?.invitationId, first.invitationId);
    const ends = (await resultsOf(file)).map(({ line, outcome }) => `${line} ${outcome}`);
    assert.deepEqual(
      ends.toSorted((a, b) => a.localeCompare(b)),
      ['2 failed', '3 invited', '4 invited'],
    );
  });

  it('invites a row that was begun before the crash, but not invited', async () => {
    const file = await fileOf('email', 'n1@partner.example');
    const heading = 'line,email,at,outcome,code,link\n';
    await writeFile(`${file}.result.csv`, `${heading}2,n1@partner.example,2026-01-01T00:00:00Z,`);
    assert.equal((await bring(file, { resume: true })).code, 0);
    assert.ok(await find('n1@partner.example'));
    await writeFile(`${file}.result.csv`, `${heading}2,n1@par`);
    assert.equal((await bring(file, { resume: true })).code, 0);
    assert.deepEqual(
      (await resultsOf(file)).map(({ outcome }) => outcome),
      ['invited again'],
    );
  });

  it('invites each once, killed at any moment and resumed', async () => {
    const emails = Array.from({ length: 600 }, (_, index) => `g${index}@partner.example`);
    const file = await fileOf('email', ...emails);
    const words = ['invite', '--csv', file, '--tenant', 'a', '--no-mail'];
    const all = [...words, '--config', installation.folder];
    // Long before its last row: what reads its lines may be late.
    for (const rows of [5, 60, 20]) {
      const resume = rows === 5 ? [] : ['--resume'];
      const child = spawn(process.execPath, [MAIN, ...all, ...resume], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      const exited = once(child, 'exit');
      let created = 0;
      // Every invitation leaves a line for the auditor.
      createInterface({ input: child.stderr }).on('line', () => {
        created += 1;
        if (created === rows) child.kill('SIGKILL');
      });
      await exited;
      assert.equal(child.signalCode, 'SIGKILL');
    }
    const ended = await runCommand([...all, '--resume']);
    assert.equal(ended.code, 0, ended.stderr);
    const rows = await resultsOf(file);
    assert.deepEqual(new Set(rows.map(({ email }) => email)), new Set(emails));
    assert.equal(rows.length, emails.length);
    assert.deepEqual([...new Set(rows.map(({ outcome }) => outcome))], ['invited']);
    for (const email of emails) assert.ok(await find(email), email);
  });

  it('draws a bar that moves on a terminal, and a line every five seconds elsewhere', () => {
    let now = 0;
    const drawn: string[] = [];
    const said: string[] = [];
    const plain = { say: () => {}, warn: (line: string) => void said.push(line) };
    const screen = { ...plain, columns: 90, redraw: (line: string) => void drawn.push(line) };
    for (const output of [plain, screen]) {
      now = 0;
      const progress = createProgress(output, 1000, 0, () => now);
      for (let row = 0; row < 600; row += 1) {
        now += 10;
        progress.count(row % 10 === 0 ? 'failed' : 'invited');
      }
      progress.close();
    }
    assert.deepEqual(said, ['[##########----------] 500/1000  450 invited  50 failed  5s left']);
    assert.equal(drawn.length, 61);
    assert.equal(drawn[49], said[0]);
    assert.equal(drawn.at(-1), '');
    assert.equal(
      progressLine(9, 9, { already: 9 }, 0),
      `[${'#'.repeat(20)}] 9/9  9 guests already`,
    );
  });

  it('is told wrong usage by exit code 2', async () => {
    const at = ['--tenant', 'a', '--config', installation.folder];
    assert.equal((await runCommand(['invite', 'x@y.example', '--resume', ...at])).code, 2);
    await appendFile(join(installation.folder, 'empty.csv'), 'email\n');
    const empty = await bring(join(installation.folder, 'empty.csv'));
    assert.deepEqual([empty.code, empty.out.split('  ')[0]], [0, 'no row left to invite']);
  });
});

async function resultsOf(file: string): Promise<Record<string, string>[]> {
  return parse(await readFile(`${file}.result.csv`), { columns: true });
}
