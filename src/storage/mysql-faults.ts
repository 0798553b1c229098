// Owns what MySQL's error numbers mean to us.

import { GuestError } from '../domain/errors.ts';

const DUPLICATE_KEY = 1062;
const ILLEGAL_MIX_OF_COLLATIONS = 1267;
const LOCK_WAIT_TIMEOUT = 1205;
const DEADLOCK = 1213;
// Disk or table full, too many connections, no rights, no such database, Galera node outside the
// primary component, shutting down, cluster commit failed, deadlocked to the end, read-only, killed:
// the server's state, not our SQL.
const UNAVAILABLE = new Set([
  1021, 1040, 1041, 1044, 1045, 1047, 1049, 1053, 1114, 1180, 1203, 1205, 1213, 1226, 1290, 1317,
  1836, 1927,
]);

/** An error of the driver. */
export interface DriverFault extends Error {
  /** The server's error number, or a negative one of the operating system. */
  readonly errno?: unknown;
  /** Whether the connection is lost, or in doubt. */
  readonly fatal?: unknown;
}

/** An error after which the connection is in doubt. */
export function fatalFault(message: string): DriverFault {
  return Object.assign(new Error(message), { fatal: true });
}

/** What the driver said: the error itself, or the cause of the {@link GuestError} around it. */
export function driverFault(error: unknown): DriverFault | undefined {
  const source = error instanceof GuestError ? error.cause : error;
  return source instanceof Error ? source : undefined;
}

/** Whether the server rolled back for the sake of another transaction, so that it may run again. */
export function isDeadlock(error: unknown): boolean {
  const errno = driverFault(error)?.errno;
  return errno === DEADLOCK || errno === LOCK_WAIT_TIMEOUT;
}

/** Whether a unique key was taken. */
export function isDuplicateKey(error: unknown): boolean {
  return driverFault(error)?.errno === DUPLICATE_KEY;
}

/** Whether a key, which is ASCII, was compared with text that is not. */
export function isIncomparableText(error: unknown): boolean {
  return driverFault(error)?.errno === ILLEGAL_MIX_OF_COLLATIONS;
}

/** Turns what is the server's state into {@link GuestError} `unavailable`; the rest stays as it is. */
export function judge(error: DriverFault): Error {
  return error.fatal === true || (typeof error.errno === 'number' && UNAVAILABLE.has(error.errno))
    ? new GuestError('unavailable', { cause: error })
    : error;
}
