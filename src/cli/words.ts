// Owns the options that many commands share.

import { type Command, Option } from 'commander';

/** Adds where the files are. */
export function configured(command: Command): Command {
  return command.option('--config <dir>', 'configuration folder', 'config');
}

/** Adds which tenant, and where: files here, or a server. */
export function atTenant(command: Command): Command {
  const named = command.requiredOption('--tenant <tenant>', 'tenant id or verified domain');
  return atServer(configured(named));
}

/** Adds the server whose admin API is asked in place of files and database. */
export function atServer(command: Command): Command {
  return command.addOption(
    new Option('--url <url>', "a server's adminListen, in place of the files").env('GUESTPASS_URL'),
  );
}

/** Adds who does it. */
export function byActor(command: Command): Command {
  return command.option(
    '--actor <name>',
    'who does it, for the auditor; default cli: and your user name',
  );
}

/** Adds whom it is about, at which tenant, and who does it. */
export function asActor(command: Command): Command {
  return byActor(atTenant(command)).argument('<email>', 'address of the guest');
}
