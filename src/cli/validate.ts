// Owns `guestpass validate`: everything wrong with a configuration, before a server meets it.

import { systemClock } from '../domain/clock.ts';
import { createDomainProofs, type DomainProofs } from '../federation/domain-proof.ts';
import { type ConfigurationFault, formatFault } from '../settings/fault.ts';
import { checkConfiguration, type ConfigurationCheck } from '../tenants/configuration.ts';
import { answer, EXIT, type Output, terminal } from './output.ts';
import { findLockedOut } from './validate-database.ts';

export interface ValidateOptions {
  readonly config: string;
  /** false with `--no-network`: DNS is not asked. */
  readonly network: boolean;
  /** Compares it with the guests there are. */
  readonly againstDatabase?: boolean;
}

/**
 * Says every fault and notice on standard error, and how many tenants are fine on standard output.
 * Changes nothing.
 *
 * @returns the exit code: 0 without a fault, else 1; also 1 when the configuration would lock out
 *   guests of the database
 * @throws {GuestError} `unavailable` when the database is to be asked and cannot be reached
 * @source rules R7, R41, R50; security requirements S57
 */
export async function validate(
  options: ValidateOptions,
  output: Output = terminal,
): Promise<number> {
  const { config, network, againstDatabase = false } = options;
  const check = await checkConfiguration(config);
  const proofs = createDomainProofs({ clock: systemClock });
  const faults = [...check.faults, ...(network ? await findUnproven(check, proofs) : [])];
  const { database, tenants, notices } = check;
  const isCompared = faults.length === 0 && againstDatabase && database !== undefined;
  const lockouts = isCompared ? await findLockedOut(database, tenants) : [];
  if (!output.give) {
    for (const line of [...notices, ...faults.map(formatFault)]) output.warn(line);
    for (const { tenant, message } of lockouts) output.warn(`${tenant}  ${message}`);
  }
  const isOut = lockouts.some(({ effect }) => effect === 'locked_out');
  const isFine = faults.length === 0 && !isOut;
  const count = tenants.length;
  const line = `${count} ${count === 1 ? 'tenant' : 'tenants'}, no faults`;
  answer(output, { tenants: count, faults, notices, lockouts }, ...(isFine ? [line] : []));
  return isFine ? EXIT.fine : EXIT.problem;
}

/**
 * Asks DNS about every domain of every federation.
 *
 * @returns a fault, at the place of the domain, for each whose owner has not agreed or could not be
 *   asked
 * @source rules R50
 */
export async function findUnproven(
  { tenants, places }: Pick<ConfigurationCheck, 'tenants' | 'places'>,
  proofs: DomainProofs,
): Promise<readonly ConfigurationFault[]> {
  const asked = tenants.flatMap(({ id, connections = [] }) =>
    connections.map(async (connection) => ({
      tenant: id,
      connection: connection.id,
      results: await proofs.check(connection),
    })),
  );
  return (await Promise.all(asked)).flatMap(({ tenant, connection, results }) =>
    results.flatMap(({ domain, outcome, expected }) => {
      if (outcome === 'proven' || outcome === 'not_needed') return [];
      const place = places.find(
        (place) =>
          place.tenant === tenant && place.connection === connection && place.domain === domain,
      );
      if (!place) throw new TypeError(`no place of ${domain}`);
      // Not known is not proven: a gate that passes without having asked guards nothing.
      const [message, mend] =
        outcome === 'missing'
          ? [`no TXT record ${JSON.stringify(expected)} at ${domain}`, 'add it']
          : [`DNS does not say what stands at ${domain}`, 'try again, or add --no-network'];
      const { file, line, column, path } = place;
      return [{ file, line, column, path, message, mend }];
    }),
  );
}
