// Owns the words of the command line that are about guests: invite, guests, invitations, explain.

import { type Command, Option } from 'commander';
import { REDEMPTION_METHODS } from '../domain/identity-provider.ts';
import { type BulkInviteOptions, inviteList } from './bulk-invite.ts';
import { explain, type ExplainOptions } from './explain.ts';
import { changeGuest, showGuest } from './guests.ts';
import { resendInvitation, revokeInvitation } from './invitations.ts';
import { invite } from './invite.ts';
import { type GuestListOptions, listGuests, listInvitations, type ListOptions } from './list.ts';
import type { GuestOptions } from './named-guest.ts';
import { misused } from './output.ts';
import { resetGuest, type ResetOptions } from './reset.ts';
import { runs } from './run.ts';
import { revokeSessions } from './sessions.ts';
import type { GuestChange, PlaceOptions } from './tenant-admin.ts';
import { asActor, atTenant } from './words.ts';

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
    .option('--no-mail', 'make the guest, send nothing');
  const words = {
    examples: [
      'invite teri@gmail.com --tenant fabrikam',
      'invite --csv guests.csv --tenant fabrikam --dry-run',
      'invite teri@gmail.com --tenant fabrikam --redirect https://docs.example/ --url https://admin.guest.example',
    ],
    note: 'What became of each row of FILE stands in FILE.result.csv.',
  };
  runs<BulkInviteOptions & { csv?: string }>(
    command,
    words,
    async (output, options, email?: string) => {
      const { csv, dryRun, resume } = options;
      if ((email === undefined) === (csv === undefined)) {
        return misused(output, 'name one address, or a file with --csv');
      }
      if (csv === undefined && (dryRun || resume)) {
        return misused(output, '--dry-run and --resume belong to --csv');
      }
      return csv === undefined
        ? invite(email ?? '', options, output)
        : inviteList(csv, options, output);
    },
  );
}

function addExplain(program: Command): void {
  const command = atTenant(program.command('explain'))
    .description('say how an address would get in, and why; changes nothing and sends nothing')
    .requiredOption('--email <address>', 'the address')
    .option('--client <id>', 'the application of the sign-in')
    .option('--at <instant>', 'judge by another moment, e.g. 2022-01-15T00:00:00Z')
    .addOption(
      new Option('--arrival <way>', 'by the link of an invitation, or directly')
        .choices(['invitation', 'direct'])
        .default('direct'),
    );
  const words = {
    examples: ['explain --tenant fabrikam --email teri@gmail.com'],
    note: 'Ends with 0 when somebody could get in, with 1 when not.',
  };
  runs<ExplainOptions>(command, words, (output, options) => explain(options, output));
}

function addGuests(guests: Command): void {
  const list = asList(guests.command('list'))
    .description('list guests of a tenant')
    .addOption(
      new Option('--state <state>', 'only these').choices(['PendingAcceptance', 'Accepted']),
    )
    .addOption(
      new Option('--method <method>', 'only who redeemed by it').choices(REDEMPTION_METHODS),
    );
  const listed = {
    examples: ['guests list --tenant fabrikam --method emailOneTimePasscode --json'],
  };
  runs<GuestListOptions>(list, listed, (output, options) => listGuests(options, output));
  const show = atTenant(guests.command('show'))
    .description('say what is known of a guest')
    .argument('<email>', 'address of the guest');
  const shown = { examples: ['guests show teri@gmail.com --tenant fabrikam'] };
  runs<PlaceOptions>(show, shown, (output, options, email: string) =>
    showGuest(email, options, output),
  );
  const reset = asActor(guests.command('reset'))
    .description('let a guest redeem anew, under the same sub')
    .option('--new-address <address>', 'move the guest there')
    .option('--no-mail', 'send no new invitation');
  const words = {
    examples: ['guests reset teri@gmail.com --tenant fabrikam --actor ana@fabrikam.com'],
    note:
      'A provider that is switched off keeps the guests it has: leave its connection configured' +
      '\nuntil the last of them was reset.',
  };
  runs<ResetOptions>(reset, words, (output, options, email: string) =>
    resetGuest(email, options, output),
  );
  const changes: readonly (readonly [GuestChange, string])[] = [
    ['block', 'let a guest sign in no more, at once'],
    ['unblock', 'let a blocked guest sign in again'],
    ['remove', 'remove a guest, restorable for 30 days'],
    ['restore', 'bring a removed guest back'],
  ];
  for (const [change, description] of changes) {
    const command = asActor(guests.command(change)).description(description);
    const examples = [`guests ${change} teri@gmail.com --tenant fabrikam`];
    runs<GuestOptions>(command, { examples }, (output, options, email: string) =>
      changeGuest(change, email, options, output),
    );
  }
}

function addInvitations(invitations: Command): void {
  const list = asList(invitations.command('list')).description(
    'list invitations that nobody has accepted',
  );
  const listed = { examples: ['invitations list --tenant fabrikam'] };
  runs<ListOptions>(list, listed, (output, options) => listInvitations(options, output));
  const resend = asActor(invitations.command('resend')).description(
    'mail an invitation again, with a new link',
  );
  const resent = { examples: ['invitations resend teri@gmail.com --tenant fabrikam'] };
  runs<GuestOptions>(resend, resent, (output, options, email: string) =>
    resendInvitation(email, options, output),
  );
  const revoke = asActor(invitations.command('revoke'))
    .alias('withdraw')
    .description('take back an invitation that was not accepted');
  const revoked = { examples: ['invitations revoke teri@gmail.com --tenant fabrikam'] };
  runs<GuestOptions>(revoke, revoked, (output, options, email: string) =>
    revokeInvitation(email, options, output),
  );
}

function addSessions(sessions: Command): void {
  const revoke = asActor(sessions.command('revoke')).description(
    'end sessions, tokens and live passcodes of a guest, who may sign in anew',
  );
  const words = {
    examples: ['sessions revoke teri@gmail.com --tenant fabrikam --actor ana@fabrikam.com'],
  };
  runs<GuestOptions>(revoke, words, (output, options, email: string) =>
    revokeSessions(email, options, output),
  );
}

function asList(command: Command): Command {
  return atTenant(command).option('--limit <number>', 'most that are listed', '100');
}
