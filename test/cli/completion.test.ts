import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { runCommand } from '../support/processes.ts';

const run = promisify(execFile);

describe('guestpass completion', () => {
  let script: string;
  before(async () => {
    const { code, stdout } = await runCommand(['completion', 'bash']);
    assert.equal(code, 0);
    script = stdout;
  });

  /** What bash offers after the words, of which the last one is being typed. */
  async function offered(...typed: readonly string[]): Promise<readonly string[]> {
    const words = ['guestpass', ...typed];
    const array = words.map((word) => `'${word}'`).join(' ');
    const ask = `COMP_WORDS=(${array}); COMP_CWORD=${typed.length}; _guestpass`;
    const { stdout } = await run('bash', ['-c', `${script}\n${ask}; echo "\${COMPREPLY[*]}"`]);
    return stdout.trim().split(' ');
  }

  it('completes commands, the words below them, and their options', async () => {
    assert.deepEqual(await offered('inv'), ['invite', 'invitations']);
    assert.deepEqual(await offered('guests', 're'), ['reset', 'remove', 'restore']);
    assert.deepEqual(await offered('guests', 'list', '--me'), ['--method']);
    assert.deepEqual(await offered('invite', 'a@b.example', '--dry'), ['--dry-run']);
    assert.deepEqual(await offered('guests', 'list', '--tenant', 'keys', '--sta'), ['--state']);
    assert.deepEqual(await offered('completion', ''), ['bash', 'zsh']);
  });

  it('writes the same for zsh, and nothing for a shell it does not know', async () => {
    const zsh = await runCommand(['completion', 'zsh']);
    assert.equal(zsh.stdout, `autoload -U +X bashcompinit && bashcompinit\n${script}`);
    assert.equal((await runCommand(['completion', 'fish'])).code, 2);
  });
});
