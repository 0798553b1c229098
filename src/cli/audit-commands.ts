// Owns the words of the command line that are about the audit trail.

import type { Command } from 'commander';
import { MOST_ENTRIES, tailAudit, type TailOptions } from './audit.ts';
import { runs } from './run.ts';
import { atServer, configured } from './words.ts';

/** Adds the command to the program. It sets the exit code of the process. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('look at the audit trail');
  const tail = atServer(configured(audit.command('tail')))
    .description('say what happened last, oldest first')
    .option('--tenant <tenant>', 'only of this tenant: its id or verified domain')
    .option('--since <instant>', 'only from then on, e.g. 2026-01-15T00:00:00Z')
    .option('--event <prefix>', 'only events that begin like this, e.g. guest.')
    .option('--email <address>', 'only what is about this address')
    .option('--limit <n>', `most entries of the past, 1 to ${MOST_ENTRIES}`, '20')
    .option('--follow', 'go on with what happens from now on, until Ctrl+C', false);
  const words = {
    examples: ['audit tail --tenant fabrikam --event sign-in. --follow'],
    note: 'A line: instant, tenant, event, outcome, actor, address, row/rule, reference.',
    streams: true,
  };
  runs<TailOptions>(tail, words, async (output, options) => {
    const stop = new AbortController();
    process.once('SIGINT', () => stop.abort());
    return tailAudit(options, output, stop.signal);
  });
}
