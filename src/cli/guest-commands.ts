// Owns the words of the command line that are about guests: invite, guests, invitations, explain.

import { type Command, Option } from 'commander';
import type { RedemptionMethod } from '../domain/identity-provider.ts';
import { inviteList } from './bulk-invite.ts';
import { explain } from './explain.ts';
import { changeGuest, type GuestChange, showGuest } from './guests.ts';
import { resendInvitation, withdrawInvitation } from './invitations.ts';
import { invite } from './invite.ts';
import { listGuests, listInvitations } from './list.ts';
import { EXIT } from './output.ts';
import { resetGuest } from './reset.ts';
import { revokeSessions } from './sessions.ts';

/** Adds them to the program. Each sets the exit code of the process. */
export function addGuestCommands(program: Command): void {
  addInvite(program);
  addExplain(program);
  addGuests(program.command('guests').description('look at and change guests of a tenant'));
  addInvitations(
    program.command('invitations').description('look at and change invitations of a tenant'),
  );
  addSessions(program.command('sessions').description('end what guests are signed in to'));
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
    .option(
      '--csv <file>',
      'invite every row: columns email, displayName, language, message, redirectUrl',
    )
    .option('--dry-run', 'say what would become of the rows of the file; change nothing')
    .option('--resume', 'go on with a file whose invitation was cut short')
    .option('--reset', 'let guests who have accepted redeem anew')
    .option('--no-mail', 'make the guest, send nothing')
    .addHelpText(
      'after',
      '\nExamples:\n  guestpass invite teri@gmail.com --tenant fabrikam' +
        '\n  guestpass invite --csv guests.csv --tenant fabrikam --dry-run' +
        '\n\nWhat became of each row of FILE stands in FILE.result.csv.',
    );
  command.action(async (email: string | undefined, options) => {
    if ((email === undefined) === (options.csv === undefined)) {
      command.error('name one address, or a file with --csv', { exitCode: EXIT.usage });
    }
    if (options.csv === undefined && (options.dryRun || options.resume)) {
      command.error('--dry-run and --resume belong to --csv', { exitCode: EXIT.usage });
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
  asList(guests.command('list'))
    .description('list guests of a tenant')
    .addOption(
      new Option('--state <state>', 'only these').choices(['PendingAcceptance', 'Accepted']),
    )
    .addOption(new Option('--method <method>', 'only who redeemed by it').choices(METHODS))
    .addHelpText(
      'after',
      '\nExample:\n  guestpass guests list --tenant fabrikam --method emailOneTimePasscode --json',
    )
    .action(async (options) => {
      process.exitCode = await listGuests(options);
    });
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
  asList(invitations.command('list'))
    .description('list invitations that nobody has accepted')
    .addHelpText('after', '\nExample:\n  guestpass invitations list --tenant fabrikam')
    .action(async (options) => {
      process.exitCode = await listInvitations(options);
    });
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

function addSessions(sessions: Command): void {
  byActor(sessions.command('revoke'))
    .description('end sessions, tokens and live passcodes of a guest, who may sign in anew')
    .addHelpText(
      'after',
      '\nExample:\n  guestpass sessions revoke teri@gmail.com --tenant fabrikam --actor ana@fabrikam.com',
    )
    .action(async (email: string, options) => {
      process.exitCode = await revokeSessions(email, options);
    });
}

const METHODS: readonly RedemptionMethod[] = [
  'emailOneTimePasscode',
  'homeDirectory',
  'externalFederation',
  'google',
  'consumerAccount',
  'unmanagedAccount',
];

function asList(command: Command): Command {
  return atTenant(command)
    .option('--limit <number>', 'most that are listed', '100')
    .option('--json', 'for programs', false);
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
