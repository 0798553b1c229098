// Owns the words of the command line that are about a tenant itself.

import type { Command } from 'commander';
import { migrateConsumers } from './tenant-migrate.ts';
import { setTenant } from './tenant-set.ts';
import { showTenant } from './tenant-show.ts';

/** Adds them to the program. Each sets the exit code of the process. */
export function addTenantCommands(program: Command): void {
  const tenant = program.command('tenant').description('look at and change a tenant');
  named(tenant.command('show'))
    .description('say what holds for a tenant, and how many guests it has; changes nothing')
    .option('--json', 'for programs', false)
    .addHelpText('after', '\nExample:\n  guestpass tenant show fabrikam --json')
    .action(async (name: string, options) => {
      process.exitCode = await showTenant({ ...options, tenant: name });
    });
  byActor(named(tenant.command('set')))
    .argument('<key>', 'such as emailOneTimePasscode, redemption.fallback, clients[0].client_name')
    .argument('<value>', 'in YAML; null takes the key away')
    .description('change one value of its file in place; says first who would be locked out')
    .option('--yes', 'do not ask', false)
    .option('--dry-run', 'say what would come of it; change nothing', false)
    .addHelpText(
      'after',
      '\nEnds with 1 when nothing was changed; with --dry-run, when it would ask.' +
        '\nExamples:\n  guestpass tenant set fabrikam emailOneTimePasscode disabled --dry-run' +
        "\n  guestpass tenant set fabrikam domains.block '[competitor.example]'",
    )
    .action(async (name: string, key: string, value: string, options) => {
      process.exitCode = await setTenant(key, value, { ...options, tenant: name });
    });
  byActor(named(tenant.command('migrate-consumers')))
    .description('move guests from consumer accounts to passcodes; tells the plan')
    .option('--apply', 'do it; again goes on where it was cut short', false)
    .option('--yes', 'do not ask', false)
    .option('--no-mail', 'send no new invitations')
    .addHelpText('after', '\nExample:\n  guestpass tenant migrate-consumers fabrikam --apply')
    .action(async (name: string, options) => {
      process.exitCode = await migrateConsumers({ ...options, tenant: name });
    });
}

function named(command: Command): Command {
  return command
    .argument('<tenant>', 'tenant id or verified domain')
    .option('--config <dir>', 'configuration folder', 'config');
}

function byActor(command: Command): Command {
  return command.option(
    '--actor <name>',
    'who does it, for the auditor; default cli: and your user name',
  );
}
