// Owns the words of the command line that are about a tenant itself.

import type { Command } from 'commander';
import { runs } from './run.ts';
import { migrateConsumers, type MigrateOptions } from './tenant-migrate.ts';
import { setTenant, type SetOptions } from './tenant-set.ts';
import { showTenant } from './tenant-show.ts';
import type { PlaceOptions } from './tenant-admin.ts';
import { atServer, byActor, configured } from './words.ts';

type Named<Options> = Omit<Options, 'tenant'>;

/** Adds them to the program. Each sets the exit code of the process. */
export function addTenantCommands(program: Command): void {
  const tenant = program.command('tenant').description('look at and change a tenant');
  const show = atServer(named(tenant.command('show'))).description(
    'say what holds for a tenant, and how many guests it has; changes nothing',
  );
  const shown = {
    examples: ['tenant show fabrikam --json'],
    note: 'With --url: the passcode setting, and the places that know guests.',
  };
  runs<Named<PlaceOptions>>(show, shown, (output, options, name: string) =>
    showTenant({ ...options, tenant: name }, output),
  );
  const set = byActor(atServer(named(tenant.command('set'))))
    .argument('<key>', 'such as emailOneTimePasscode, redemption.fallback, clients[0].client_name')
    .argument('<value>', 'in YAML; null takes the key away')
    .description('change one value of its file in place; says first who would be locked out')
    .option('--yes', 'do not ask', false)
    .option('--dry-run', 'say what would come of it; change nothing', false);
  const changed = {
    examples: [
      'tenant set fabrikam emailOneTimePasscode disabled --dry-run',
      "tenant set fabrikam domains.block '[competitor.example]'",
    ],
    note:
      'Ends with 1 when nothing was changed; with --dry-run, when it would ask.' +
      '\nWith --url: emailOneTimePasscode alone, and no --dry-run.',
  };
  runs<Named<SetOptions>>(
    set,
    changed,
    (output, options, name: string, key: string, value: string) =>
      setTenant(key, value, { ...options, tenant: name }, output),
  );
  const migrate = byActor(named(tenant.command('migrate-consumers')))
    .description('move guests from consumer accounts to passcodes; tells the plan')
    .option('--apply', 'do it; again goes on where it was cut short', false)
    .option('--yes', 'do not ask', false)
    .option('--no-mail', 'send no new invitations');
  const migrated = { examples: ['tenant migrate-consumers fabrikam --apply'] };
  runs<Named<MigrateOptions>>(migrate, migrated, (output, options, name: string) =>
    migrateConsumers({ ...options, tenant: name }, output),
  );
}

function named(command: Command): Command {
  return configured(command.argument('<tenant>', 'tenant id or verified domain'));
}
