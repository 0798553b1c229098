#!/usr/bin/env node
// Owns the command line: arguments to command, errors to exit codes.

import { Command, CommanderError } from 'commander';
import { GuestError } from '../domain/errors.ts';
import { ConfigurationError } from '../settings/fault.ts';
import { demo } from './demo.ts';
import { invite, inviteList } from './invite.ts';
import { serve } from './serve.ts';

/** 0 fine · 1 a problem was found · 2 wrong usage · 3 the database cannot be reached. */
const EXIT = { problem: 1, usage: 2, unreachable: 3 } as const;

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
  .command('demo')
  .description('start the server with a sample guest and a demo application')
  .option('--config <dir>', 'configuration folder', 'config')
  .action(async ({ config }: { config: string }) => demo(config));

program
  .command('invite')
  .description('make guests of a tenant')
  .argument('[email]', 'address of the guest')
  .requiredOption('--tenant <tenant>', 'tenant id or verified domain')
  .option('--config <dir>', 'configuration folder', 'config')
  .option('--name <name>', 'display name of the guest')
  .option('--invited-by <address>', 'address of the inviter')
  .option('--message <text>', 'a sentence of the inviter, plain text')
  .option('--redirect <url>', 'where "Accept invitation" leads: a page of a registered application')
  .option('--csv <file>', 'invite every row: columns email, displayName')
  .option('--no-mail', 'make the guest, send nothing')
  .addHelpText(
    'after',
    '\nExamples:\n  guestpass invite teri@gmail.com --tenant fabrikam' +
      '\n  guestpass invite --csv guests.csv --tenant fabrikam --no-mail',
  )
  .action(async (email: string | undefined, options) => {
    if ((email === undefined) === (options.csv === undefined)) {
      program.error('name one address, or a file with --csv', { exitCode: EXIT.usage });
    }
    process.exitCode = options.csv
      ? await inviteList(options.csv, options)
      : await invite(email ?? '', options);
  });

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = report(error);
}

function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
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
