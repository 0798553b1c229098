// Owns who it is that acts by command, as the auditor reads it.

import { userInfo } from 'node:os';

/** Who acts: as they name themselves, else `cli:` and who is logged in on this machine. */
export function actorOf({ actor }: { readonly actor?: string }): string {
  return actor ?? `cli:${userName()}`;
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run under a number that nobody has a name for.
    return String(process.getuid?.() ?? 'unknown');
  }
}
