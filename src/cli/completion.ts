// Owns `guestpass completion`: a script that lets a shell complete commands and options.

import { Argument, type Command } from 'commander';
import { showExamples } from './run.ts';

/** Adds the command. It completes what the program has when it runs, so it is added last. */
export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .description('print a script that lets your shell complete commands')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh']))
    .action((shell: 'bash' | 'zsh') => {
      process.stdout.write(completionScript(program, shell));
    });
  showExamples(command, { examples: ['completion bash >> ~/.bashrc'] });
}

/** Writes the script; zsh runs the one of bash. Pure. */
export function completionScript(program: Command, shell: 'bash' | 'zsh'): string {
  const cases = casesOf(program, []).map(([path, words]) => `    '${path}') words='${words}' ;;`);
  return `${[
    ...(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : []),
    '_guestpass() {',
    "  local word path='' words=''",
    '  for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    // Commands stand first: behind an option everything is its value, or an address.
    '    case "$word" in -*) break ;; esac',
    '    case " $(_guestpass_words "$path") " in *" $word "*) path="${path:+$path }$word" ;; esac',
    '  done',
    '  words=$(_guestpass_words "$path")',
    '  COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))',
    '}',
    '_guestpass_words() {',
    "  local words=''",
    '  case "$1" in',
    ...cases,
    '  esac',
    '  printf %s "$words"',
    '}',
    'complete -o default -F _guestpass guestpass',
  ].join('\n')}\n`;
}

/** What may follow each command, by its words. */
function casesOf(
  command: Command,
  path: readonly string[],
): readonly (readonly [path: string, words: string])[] {
  const words = [
    ...command.commands.flatMap((child) => [child.name(), ...child.aliases()]),
    ...command.options.flatMap(({ long, hidden }) => (hidden ? [] : (long ?? []))),
    ...command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  ];
  return [
    [path.join(' '), words.join(' ')],
    ...command.commands.flatMap((child) =>
      [child.name(), ...child.aliases()].flatMap((name) => casesOf(child, [...path, name])),
    ),
  ];
}
