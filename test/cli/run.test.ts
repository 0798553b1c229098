import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { createOutput, EXIT } from '../../src/cli/output.ts';
import { createProgram } from '../../src/cli/program.ts';
import { endOf, endOfUsage } from '../../src/cli/run.ts';
import { GuestError } from '../../src/domain/errors.ts';
import { ConfigurationError } from '../../src/settings/fault.ts';
import { createInstallation, type Installation } from '../support/world.ts';
import { listen, listenJson, type Said } from './said.ts';

/** What a command line prints on standard output, and its exit code. */
async function run(...words: readonly string[]): Promise<{ code: number; out: string }> {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  const warn = stderr.write.bind(stderr);
  let out = '';
  process.stdout.write = (text) => {
    out += String(text);
    return true;
  };
  process.stderr.write = () => true;
  let code = 0;
  try {
    const argv = ['node', 'guestpass', ...words];
    const program = createProgram();
    await program.parseAsync(argv).catch((error) => {
      process.exitCode = endOfUsage(error, argv);
    });
    code = Number(process.exitCode ?? 0);
  } finally {
    process.stdout.write = write;
    process.stderr.write = warn;
    process.exitCode = 0;
  }
  return { code, out };
}

describe('runs', () => {
  let installation: Installation;
  let folder: string;
  const inFolder = (name: string): string => join(folder, name);
  before(async () => {
    installation = await createInstallation();
    folder = await mkdtemp(join(tmpdir(), 'guestpass-json-'));
    await writeFile(join(folder, 'guests.csv'), 'email\nc@partner.example\n');
  });
  after(async () => {
    await installation.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('answers every command that prints with one JSON value, refusals too', async function () {
    this.timeout(180_000);
    const email = 'teri@gmail.com';
    const calls: readonly (readonly [command: string, words: readonly string[], code?: number])[] =
      [
        ['init', [inFolder('new')]],
        ['migrate', []],
        ['schema', ['--out', inFolder('schema')]],
        ['validate', ['--no-network']],
        ['validate', ['--config', inFolder('nowhere')], 1],
        ['doctor', ['--no-network']],
        ['healthcheck', [], 3],
        ['invite', [email, '--no-mail', '--tenant', 'a']],
        ['invite', ['nonsense', '--tenant', 'a'], 1],
        ['invite', [email, '--tenant', 'nobody'], 1],
        ['invite', ['--csv', inFolder('guests.csv'), '--dry-run', '--tenant', 'a']],
        ['invite', ['--csv', inFolder('guests.csv'), '--no-mail', '--tenant', 'a']],
        ['invite', ['--tenant', 'a'], 2],
        ['guests list', ['--tenant', 'a']],
        ['guests show', [email, '--tenant', 'a']],
        ['guests block', [email, '--tenant', 'a']],
        ['guests unblock', [email, '--tenant', 'a']],
        ['guests reset', [email, '--no-mail', '--tenant', 'a']],
        ['guests remove', [email, '--tenant', 'a']],
        ['guests remove', [email, '--tenant', 'a'], 1],
        ['guests restore', [email, '--tenant', 'a']],
        ['invitations list', ['--tenant', 'a']],
        ['invitations resend', [email, '--tenant', 'a']],
        ['sessions revoke', [email, '--tenant', 'a']],
        ['invitations revoke', [email, '--tenant', 'a']],
        ['explain', ['--email', email, '--tenant', 'a'], 1],
        ['tenant show', ['a']],
        ['tenant set', ['a', 'support', 'help@a.example', '--dry-run']],
        ['tenant set', ['a', 'support', 'help@a.example']],
        ['tenant migrate-consumers', ['a']],
        ['keys rotate', ['--now', '--tenant', 'a']],
        ['keys list', ['--tenant', 'a']],
        ['keys revoke', ['--yes', '--tenant', 'a']],
        ['keys revoke', ['--yes', '--kid', 'nobody', '--tenant', 'a'], 1],
        ['audit tail', ['--limit', '1']],
        ['mail bounces', [inFolder('guests.csv')]],
        ['backup', [inFolder('copy.db')]],
        ['backup', [inFolder('copy.db')], 1],
        ['guests list', [], 2],
        ['validate', ['--url', 'https://admin.guest.example'], 2],
      ];
    const withoutFiles = new Set(['init']);
    for (const [command, words, code = 0] of calls) {
      const isPlaced = words.includes('--config') || withoutFiles.has(command);
      const where = isPlaced ? [] : ['--config', installation.folder];
      const said = await run(...command.split(' '), ...words, ...where, '--json');
      const value: unknown = JSON.parse(said.out);
      const line = `guestpass ${command} ${words.join(' ')}: ${said.out}`;
      assert.equal(said.code, code, line);
      const isRefused = code > 0 && command !== 'explain' && words[0] !== '--config';
      const error = Object(value).error as { code?: string; message?: string } | undefined;
      if (isRefused)
        assert.deepEqual(Object.keys(error ?? {}).slice(0, 2), ['code', 'message'], line);
    }
    const leaves = createProgram().commands.flatMap((child) =>
      child.commands.length === 0
        ? [child.name()]
        : child.commands.map((grandchild) => `${child.name()} ${grandchild.name()}`),
    );
    const called = new Set(calls.map(([command]) => command));
    assert.deepEqual(
      leaves.filter((name) => !called.has(name)),
      ['serve', 'demo', 'preview', 'completion'],
    );
  });
});

async function fail(error: unknown): Promise<never> {
  throw error;
}

function end(error: unknown, heard = listen): Promise<Said> {
  return heard((output) => endOf(output, () => fail(error)));
}

describe('endOf', () => {
  it('ends with 3 without a database, with 1 for anything else', async () => {
    const down = new GuestError('unavailable', { cause: new Error('no such host') });
    const said = await end(down);
    assert.deepEqual([said.code, said.err], [3, 'The database cannot be reached: no such host']);
    assert.equal((await end(new Error('odd'))).code, 1);
  });

  it('gives programs the faults of a configuration, each with its place', async () => {
    const fault = { file: 'a.yaml', line: 2, column: 1, path: 'id', message: 'odd', mend: '' };
    const { out } = await end(new ConfigurationError([fault]), listenJson);
    const { error } = JSON.parse(out);
    assert.deepEqual([error.code, error.faults], ['invalid_configuration', [fault]]);
  });
});

describe('endOfUsage', () => {
  it('ends with 2 for words nobody knows, with 0 for help', () => {
    assert.equal(endOfUsage(new CommanderError(1, 'x', 'error: x'), []), EXIT.usage);
    assert.equal(endOfUsage(new CommanderError(0, 'help', '(outputHelp)'), []), EXIT.fine);
    assert.throws(() => endOfUsage(new Error('odd'), []), /odd/);
  });
});

describe('createOutput', () => {
  const { isTTY } = process.stdout;
  const { NO_COLOR } = process.env;
  afterEach(() => {
    process.stdout.isTTY = isTTY;
    if (NO_COLOR === undefined) delete process.env['NO_COLOR'];
    else process.env['NO_COLOR'] = NO_COLOR;
  });

  it('is bold on a terminal alone, and there not when told so', () => {
    delete process.env['NO_COLOR'];
    process.stdout.isTTY = true;
    assert.equal(createOutput().isBold, true);
    assert.equal(createOutput({ color: false }).isBold, false);
    process.env['NO_COLOR'] = '1';
    assert.equal(createOutput().isBold, false);
    process.stdout.isTTY = false;
    assert.deepEqual([createOutput().isBold, createOutput().columns], [undefined, undefined]);
  });

  it('draws no table and no bar where JSON is wanted, also on a terminal', () => {
    process.stdout.isTTY = true;
    const { columns, redraw } = createOutput({ json: true });
    assert.deepEqual([columns, redraw], [undefined, undefined]);
  });
});
