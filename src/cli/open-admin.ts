// Owns choosing the side a command works on: this machine, or a running server.

import { lookAtLocal, withLocalAdmin } from './local-admin.ts';
import type { Output } from './output.ts';
import { withRemoteAdmin } from './remote-admin.ts';
import type { GuestRecords, PlaceOptions, TenantAdmin } from './tenant-admin.ts';

/** Who acts, for the auditor. */
export interface ActorOptions extends PlaceOptions {
  /** Default `cli:` and who is logged in; a server writes the application down. */
  readonly actor?: string;
}

/**
 * Does something to the guests of one tenant.
 *
 * @returns the exit code of `work`; 1 when there is no such tenant, 2 when it cannot be asked there
 * @throws {ConfigurationError}; {GuestError} `unavailable`; {RemoteError}
 */
export function withAdmin(
  options: ActorOptions,
  output: Output,
  work: (admin: TenantAdmin) => Promise<number>,
): Promise<number> {
  return options.url === undefined
    ? withLocalAdmin(options, output, work)
    : withRemoteAdmin(options, output, work);
}

/** Looks at the guests of one tenant and changes nothing; otherwise as {@link withAdmin}. */
export function withRecords(
  options: PlaceOptions,
  output: Output,
  look: (records: GuestRecords) => Promise<number>,
): Promise<number> {
  return options.url === undefined
    ? lookAtLocal(options, output, look)
    : withRemoteAdmin(options, output, look);
}
