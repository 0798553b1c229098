// Owns the words of the command line that are about an installation: its files, database and keys.

import type { Command } from 'commander';
import { backup, type BackupOptions } from './backup.ts';
import { doctor, type DoctorOptions } from './doctor.ts';
import { healthcheck, type HealthcheckOptions } from './healthcheck.ts';
import { init } from './init.ts';
import type { TenantOptions } from './installation.ts';
import { listKeys, rotateKeys, type RotateOptions } from './keys.ts';
import { type RevokeKeysOptions, revokeKeys } from './keys-revoke.ts';
import { type MailReportsOptions, takeMailReports } from './mail-reports.ts';
import { migrateNow, type MigrateOptions } from './migrate.ts';
import { runs } from './run.ts';
import { type SchemaOptions, writeSchemas } from './schema.ts';
import { validate, type ValidateOptions } from './validate.ts';
import { byActor, configured } from './words.ts';

/** Adds them to the program. Each sets the exit code of the process. */
export function addSetupCommands(program: Command): void {
  addFiles(program);
  addChecks(program);
  addMail(program.command('mail').description('what became of mails'));
  addKeys(
    program.command('keys').description('look at, rotate and revoke the signing keys of a tenant'),
  );
}

function addMail(mail: Command): void {
  const taking = configured(mail.command('bounces'))
    .description('read what mail servers sent back about mails that did not arrive')
    .argument('[path]', 'a message, a folder of them or a Maildir; default standard input');
  const words = {
    examples: [
      'mail bounces --config /etc/guestpass < message.eml',
      'mail bounces /var/mail/bounces',
    ],
    note: 'Ends with 0 for a message that is no report, too: a pipe that fails makes another one.',
  };
  runs<MailReportsOptions>(taking, words, (output, options, path?: string) =>
    takeMailReports(path, options, output),
  );
}

function addFiles(program: Command): void {
  const first = program
    .command('init')
    .description('write a configuration that runs as it is')
    .argument('[dir]', 'configuration folder', 'config');
  runs(first, { examples: ['init ./northwind'] }, (output, _, directory: string) =>
    init(directory, output),
  );
  const migrating = configured(program.command('migrate'))
    .description('bring the database to this version; serve does it as well')
    .option('--dry-run', 'say what would run; change nothing');
  const examples = ['migrate --dry-run --config /etc/guestpass'];
  runs<MigrateOptions>(migrating, { examples }, (output, options) => migrateNow(options, output));
  const writing = configured(program.command('schema'))
    .description('write the JSON Schemas that editors complete the files with')
    .option('--out <dir>', 'where to; default .schema in the configuration folder');
  const written = { examples: ['schema --config /etc/guestpass'] };
  runs<SchemaOptions>(writing, written, (output, options) => writeSchemas(options, output));
  const copying = configured(program.command('backup'))
    .description('copy the embedded database, also while servers run')
    .argument('<file>', 'a new file');
  const copied = { examples: ['backup /backups/guestpass-monday.db'] };
  runs<BackupOptions>(copying, copied, (output, options, file: string) =>
    backup(file, options, output),
  );
}

function addChecks(program: Command): void {
  const validating = configured(program.command('validate'))
    .description('say everything that is wrong with the configuration; changes nothing')
    .option('--no-network', 'do not ask DNS whether the domains of federations are proven')
    .option('--against-database', 'also say which guests it would lock out; ends with 1 when any');
  const validated = {
    examples: [
      'validate --config /etc/guestpass',
      'validate --against-database --config /etc/guestpass',
    ],
  };
  runs<ValidateOptions>(validating, validated, (output, options) => validate(options, output));
  const asking = configured(program.command('healthcheck'))
    .description('ask the server on this machine whether it can serve')
    .option('--url <url>', 'what to ask; default /readyz of adminListen, else a discovery');
  const asked = { examples: ['healthcheck --config /etc/guestpass'] };
  runs<HealthcheckOptions>(asking, asked, (output, options) => healthcheck(options, output));
  const looking = configured(program.command('doctor'))
    .description('look at everything an installation needs; changes nothing and sends nothing')
    .option('--no-network', 'ask no other machine but the database');
  const looked = { examples: ['doctor --config /etc/guestpass'] };
  runs<DoctorOptions>(looking, looked, (output, options) => doctor(options, output));
}

function addKeys(keys: Command): void {
  const list = atTenant(keys.command('list')).description(
    'list signing keys, without what is secret',
  );
  const listed = { examples: ['keys list --tenant fabrikam'] };
  runs<TenantOptions>(list, listed, (output, options) => listKeys(options, output));
  const rotate = byActor(atTenant(keys.command('rotate')))
    .description('make the next signing keys: published at once, signing a day later')
    .option('--now', 'sign with them at once, e.g. when a key was stolen');
  const rotated = { examples: ['keys rotate --tenant fabrikam --actor ana@fabrikam.com'] };
  runs<RotateOptions>(rotate, rotated, (output, options) => rotateKeys(options, output));
  const revoke = byActor(atTenant(keys.command('revoke')))
    .description('take a stolen signing key out for good; another signs at once')
    .option('--kid <kid>', 'this key alone; default all that are believed')
    .option('--end-sessions', 'sign every guest of the tenant out as well')
    .option('--yes', 'do not ask');
  const revoked = { examples: ['keys revoke --tenant fabrikam --actor ana@fabrikam.com'] };
  runs<RevokeKeysOptions>(revoke, revoked, (output, options) => revokeKeys(options, output));
}

function atTenant(command: Command): Command {
  return configured(command).requiredOption('--tenant <tenant>', 'tenant id or verified domain');
}
