// Owns the words of the command line that are about guests: invite, guests, invitations, explain.

import { type Command, Option } from 'commander';
import { explain } from './explain.ts';
import { changeGuest, type GuestChange, showGuest } from './guests.ts';
import { resendInvitation, withdrawInvitation } from './invitations.ts';
import { invite, inviteList } from './invite.ts';
import { EXIT } from './output.ts';
import { resetGuest } from './reset.ts';

/** Adds them to the program. Each sets the exit code of the process. */
export function addGuestCommands(program: Command): void {
  addInvite(program);
  addExplain(program);
  addGuests(program.command('guests').description('look at and change guests of a tenant'));
  addInvitations(program.command('invitations').description('change invitations of a tenant'));
}

function addInvite(program: Command): void {
  const command = atTenant(program.command('invite'))
    .description('make guests of a tenant')
    .argument('[email]', 'address of the guest')
    .option('--name <name>', 'display name of the guest')
    .option('--invited-by <address>', 'address of the inviter')
    .option('--message <text>', 'a sentence of the inviter, plain text; needs --invited-by')
    .option(
      '--redirect <url>',
      'where "Accept invitation" leads: a page of a registered application',
    )
    .option('--language <tag>', 'language of the mail')
    .option('--cc <address>', 'one more reader, who gets no link')
    .option('--csv <file>', 'invite every row: columns email, displayName')
    .option('--reset', 'let guests who have accepted redeem anew')
    .option('--no-mail', 'make the guest, send nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  guestpass invite teri@gmail.com --tenant fabrikam' +
        '\n  guestpass invite --csv guests.csv --tenant fabrikam --no-mail',
    );
  command.action(async (email: string | undefined, options) => {
    if ((email === undefined) === (options.csv === undefined)) {
      command.error('name one address, or a file with --csv', { exitCode: EXIT.usage });
    }
    process.exitCode = options.csv
      ? await inviteList(options.csv, options)
      : await invite(email ?? '', options);
  });
}

function addExplain(program: Command): void {
  atTenant(program.command('explain'))
    .description('say how an address would get in, and why; changes nothing and sends nothing')
    .requiredOption('--email <address>', 'the address')
    .option('--client <id>', 'the application of the sign-in')
    .option('--at <instant>', 'judge by another moment, e.g. 2022-01-15T00:00:00Z')
    .addOption(
      new Option('--arrival <way>', 'by the link of an invitation, or directly')
        .choices(['invitation', 'direct'])
        .default('direct'),
    )
    .option('--json', 'for programs', false)
    .addHelpText(
      'after',
      '\nEnds with 0 when somebody could get in, with 1 when not.' +
        '\nExample:\n  guestpass explain --tenant fabrikam --email teri@gmail.com',
    )
    .action(async (options) => {
      process.exitCode = await explain(options);
    });
}

function addGuests(guests: Command): void {
  atTenant(guests.command('show'))
    .description('say what is known of a guest')
    .argument('<email>', 'address of the guest')
    .action(async (email: string, options) => {
      process.exitCode = await showGuest(email, options);
    });
  byActor(guests.command('reset'))
    .description('let a guest redeem anew, under the same sub')
    .option('--new-address <address>', 'move the guest there')
    .option('--no-mail', 'send no new invitation')
    .addHelpText(
      'after',
      '\nExample:\n  guestpass guests reset teri@gmail.com --tenant fabrikam --actor ana@fabrikam.com' +
        '\n\nA provider that is switched off keeps the guests it has: leave its connection configured' +
        '\nuntil the last of them was reset.',
    )
    .action(async (email: string, options) => {
      process.exitCode = await resetGuest(email, options);
    });
  const changes: readonly (readonly [GuestChange, string])[] = [
    ['block', 'let a guest sign in no more, at once'],
    ['unblock', 'let a blocked guest sign in again'],
    ['remove', 'remove a guest, restorable for 30 days'],
    ['restore', 'bring a removed guest back'],
  ];
  for (const [change, description] of changes) {
    byActor(guests.command(change))
      .description(description)
      .action(async (email: string, options) => {
        process.exitCode = await changeGuest(change, email, options);
      });
  }
}

function addInvitations(invitations: Command): void {
  byActor(invitations.command('resend'))
    .description('mail an invitation again, with a new link')
    .action(async (email: string, options) => {
      process.exitCode = await resendInvitation(email, options);
    });
  byActor(invitations.command('withdraw'))
    .description('take back an invitation that was not accepted')
    .action(async (email: string, options) => {
      process.exitCode = await withdrawInvitation(email, options);
    });
}

function atTenant(command: Command): Command {
  return command
    .requiredOption('--tenant <tenant>', 'tenant id or verified domain')
    .option('--config <dir>', 'configuration folder', 'config');
}

function byActor(command: Command): Command {
  return atTenant(command)
    .argument('<email>', 'address of the guest')
    .option('--actor <name>', 'who does it, for the auditor; default cli: and your user name');
}
