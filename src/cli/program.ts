// Owns the command line as a whole: every command, by its words.

import { Command } from 'commander';
import { addAuditCommands } from './audit-commands.ts';
import { addCompletionCommand } from './completion.ts';
import { demo } from './demo.ts';
import { addGuestCommands } from './guest-commands.ts';
import { preview, type PreviewOptions } from './preview.ts';
import { showExamples } from './run.ts';
import { serve } from './serve.ts';
import { addSetupCommands } from './setup-commands.ts';
import { addTenantCommands } from './tenant.ts';
import { configured } from './words.ts';

/** Makes the program. It reads nothing and does nothing before it is told to parse. */
export function createProgram(): Command {
  const program = new Command('guestpass')
    .description('Guest sign-in: an OpenID Provider that mails a passcode when no other door fits.')
    .showHelpAfterError()
    .exitOverride();
  const serving = program
    .command('serve')
    .description('start the server')
    .option('--config <dir>', 'configuration folder', 'config')
    .action(async ({ config }: { config: string }) => serve(config));
  showExamples(serving, { examples: ['serve --config /etc/guestpass'] });
  const showing = program
    .command('demo')
    .description('start the server with a sample guest and a demo application')
    .option('--config <dir>', 'configuration folder', 'config')
    .action(async ({ config }: { config: string }) => demo(config));
  showExamples(showing, { examples: ['demo --config ./northwind'] });
  const previewing = configured(program.command('preview'))
    .requiredOption('--tenant <tenant>', 'tenant id or verified domain')
    .description('show every page and mail of a tenant with sample data; sends nothing')
    .option('--listen <host:port>', 'where to', '127.0.0.1:3003')
    .action(async (options: PreviewOptions) => {
      process.exitCode = await preview(options);
    });
  showExamples(previewing, { examples: ['preview --tenant fabrikam --config /etc/guestpass'] });
  addGuestCommands(program);
  addSetupCommands(program);
  addAuditCommands(program);
  addTenantCommands(program);
  addCompletionCommand(program);
  return program;
}
