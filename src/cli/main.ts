#!/usr/bin/env node
// Owns the command line: arguments to command, errors to exit codes.

import { Command, CommanderError } from 'commander';
import { GuestError } from '../domain/errors.ts';
import { ConfigurationError } from '../settings/fault.ts';
import { addAuditCommands } from './audit.ts';
import { addCompletionCommand } from './completion.ts';
import { demo } from './demo.ts';
import { addGuestCommands } from './guest-commands.ts';
import { EXIT } from './output.ts';
import { serve } from './serve.ts';
import { addSetupCommands } from './setup-commands.ts';
import { addTenantCommands } from './tenant.ts';
import { validate, type ValidateOptions } from './validate.ts';

const program = new Command('guestpass')
  .description('Guest sign-in: an OpenID Provider that mails a passcode when no other door fits.')
  .showHelpAfterError()
  .exitOverride();

program
  .command('serve')
  .description('start the server')
  .option('--config <dir>', 'configuration folder', 'config')
  .addHelpText('after', '\nExample:\n  guestpass serve --config /etc/guestpass')
  .action(async ({ config }: { config: string }) => serve(config));

program
  .command('validate')
  .description('say everything that is wrong with the configuration; changes nothing')
  .option('--config <dir>', 'configuration folder', 'config')
  .option('--no-network', 'do not ask DNS whether the domains of federations are proven')
  .option('--against-database', 'also say which guests it would lock out; ends with 1 when any')
  .addHelpText(
    'after',
    '\nExamples:\n  guestpass validate --config /etc/guestpass' +
      '\n  guestpass validate --against-database --config /etc/guestpass',
  )
  .action(async (options: ValidateOptions) => {
    process.exitCode = await validate(options);
  });

program
  .command('demo')
  .description('start the server with a sample guest and a demo application')
  .option('--config <dir>', 'configuration folder', 'config')
  .action(async ({ config }: { config: string }) => demo(config));

addGuestCommands(program);
addSetupCommands(program);
addAuditCommands(program);
addTenantCommands(program);
addCompletionCommand(program);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.fine : EXIT.usage;
  if (error instanceof ConfigurationError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.problem;
  }
  if (error instanceof GuestError && error.code === 'unavailable') {
    process.stderr.write(`The database cannot be reached: ${causeOf(error)}\n`);
    return EXIT.unreachable;
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return EXIT.problem;
}

function causeOf(error: Error): string {
  return error.cause instanceof Error ? error.cause.message : error.message;
}
