// Owns the words of the command line that are about an installation: its files, database and keys.

import type { Command } from 'commander';
import { backup } from './backup.ts';
import { doctor } from './doctor.ts';
import { healthcheck } from './healthcheck.ts';
import { init } from './init.ts';
import { listKeys, rotateKeys } from './keys.ts';
import { revokeKeys } from './keys-revoke.ts';
import { migrateNow } from './migrate.ts';
import { writeSchemas } from './schema.ts';

/** Adds them to the program. Each sets the exit code of the process. */
export function addSetupCommands(program: Command): void {
  program
    .command('init')
    .description('write a configuration that runs as it is')
    .argument('[dir]', 'configuration folder', 'config')
    .addHelpText('after', example('init ./northwind'))
    .action(async (directory: string) => {
      process.exitCode = await init(directory);
    });
  configured(program.command('migrate'))
    .description('bring the database to this version; serve does it as well')
    .option('--dry-run', 'say what would run; change nothing')
    .option('--json', 'for programs', false)
    .addHelpText('after', example('migrate --dry-run --config /etc/guestpass'))
    .action(async (options) => {
      process.exitCode = await migrateNow(options);
    });
  configured(program.command('schema'))
    .description('write the JSON Schemas that editors complete the files with')
    .option('--out <dir>', 'where to; default .schema in the configuration folder')
    .addHelpText('after', example('schema --config /etc/guestpass'))
    .action(async (options) => {
      process.exitCode = await writeSchemas(options);
    });
  configured(program.command('backup'))
    .description('copy the embedded database, also while servers run')
    .argument('<file>', 'a new file')
    .addHelpText('after', example('backup /backups/guestpass-monday.db'))
    .action(async (file: string, options) => {
      process.exitCode = await backup(file, options);
    });
  configured(program.command('healthcheck'))
    .description('ask the server on this machine whether it can serve')
    .option('--url <url>', 'what to ask; default /readyz of adminListen, else a discovery')
    .addHelpText('after', example('healthcheck --config /etc/guestpass'))
    .action(async (options) => {
      process.exitCode = await healthcheck(options);
    });
  configured(program.command('doctor'))
    .description('look at everything an installation needs; changes nothing and sends nothing')
    .option('--no-network', 'ask no other machine but the database')
    .option('--json', 'for programs', false)
    .addHelpText('after', example('doctor --config /etc/guestpass'))
    .action(async (options) => {
      process.exitCode = await doctor(options);
    });
  addKeys(
    program.command('keys').description('look at, rotate and revoke the signing keys of a tenant'),
  );
}

function addKeys(keys: Command): void {
  atTenant(keys.command('list'))
    .description('list signing keys, without what is secret')
    .option('--json', 'for programs', false)
    .addHelpText('after', example('keys list --tenant fabrikam'))
    .action(async (options) => {
      process.exitCode = await listKeys(options);
    });
  atTenant(keys.command('rotate'))
    .description('make the next signing keys: published at once, signing a day later')
    .option('--now', 'sign with them at once, e.g. when a key was stolen')
    .option('--actor <name>', 'who does it, for the auditor; default cli: and your user name')
    .addHelpText('after', example('keys rotate --tenant fabrikam --actor ana@fabrikam.com'))
    .action(async (options) => {
      process.exitCode = await rotateKeys(options);
    });
  atTenant(keys.command('revoke'))
    .description('take a stolen signing key out for good; another signs at once')
    .option('--kid <kid>', 'this key alone; default all that are believed')
    .option('--end-sessions', 'sign every guest of the tenant out as well')
    .option('--yes', 'do not ask')
    .option('--json', 'for programs', false)
    .option('--actor <name>', 'who does it, for the auditor; default cli: and your user name')
    .addHelpText('after', example('keys revoke --tenant fabrikam --actor ana@fabrikam.com'))
    .action(async (options) => {
      process.exitCode = await revokeKeys(options);
    });
}

function example(words: string): string {
  return `\nExample:\n  guestpass ${words}`;
}

function atTenant(command: Command): Command {
  return configured(command).requiredOption('--tenant <tenant>', 'tenant id or verified domain');
}

function configured(command: Command): Command {
  return command.option('--config <dir>', 'configuration folder', 'config');
}
