import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { createProgram } from '../../src/cli/program.ts';

const read = (page: string): string =>
  readFileSync(new URL(`../../docs/${page}`, import.meta.url), 'utf8');

/** Every command that does something, by its words. */
function leaves(command: Command, path: readonly string[] = []): readonly [string, Command][] {
  if (command.commands.length === 0) return [[path.join(' '), command]];
  return command.commands.flatMap((child) => leaves(child, [...path, child.name()]));
}

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => void (help += text) });
  command.outputHelp();
  return help;
}

const commands = leaves(createProgram());
/** They print no answer: they run until they are stopped, or write a script. */
const WITHOUT_ANSWER = new Set(['serve', 'demo', 'preview', 'completion']);

describe('createProgram', () => {
  const docs = read('admins.md') + read('operations.md');

  it('is made without running', () => assert.ok(commands.length > 25));

  for (const [name, command] of commands) {
    it(`gives an example of ${name} in its help, with options it has`, () => {
      const lines = [...helpOf(command).matchAll(/^ {2}(?:eval "\$\()?guestpass (.+)$/gm)];
      assert.ok(lines.length > 0);
      for (const [, line = ''] of lines) {
        assert.ok(`${line} `.startsWith(`${name} `), line);
        for (const [option] of line.matchAll(/--[a-z-]+/g)) {
          assert.ok(
            command.options.some(({ long }) => long === option),
            option,
          );
        }
      }
    });

    it(`is told of ${name} in the documents`, () => {
      const named = new RegExp(`guestpass (?:-- )?${name}\\b|\`${name}\\b`);
      assert.ok(named.test(docs), name);
    });

    it(`lets ${name} be told how to print`, () => {
      const names = command.options.map(({ long }) => long);
      const has = ['--json', '--no-color'].every((option) => names.includes(option));
      assert.equal(has, !WITHOUT_ANSWER.has(name));
    });
  }

  it('has no command that a document leaves out of the program', () => {
    const told = [...docs.matchAll(/^\| `guestpass ([a-z]+(?: [a-z-]+)?)/gm)].map(
      ([, name]) => name,
    );
    for (const name of told)
      assert.ok(
        commands.some(([known]) => name?.startsWith(known)),
        name,
      );
  });

  it('calls taking an invitation back revoke, and knows withdraw still', () => {
    const [, revoke] = commands.find(([name]) => name === 'invitations revoke')!;
    assert.deepEqual(revoke.aliases(), ['withdraw']);
  });
});
