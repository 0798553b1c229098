// Owns what MySQL's error numbers mean to us, and after which of them the same may be asked again.

import { GuestError } from '../domain/errors.ts';

const NOT_PREPARED = 1047;
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
// Of these, what another node of the cluster may not suffer from.
const OF_THE_NODE = new Set([1021, 1040, NOT_PREPARED, 1053, 1114, 1180, 1290, 1836, 1927]);

/** An error of the driver. */
export interface DriverFault extends Error {
  /** The server's error number, or a negative one of the operating system. */
  readonly errno?: unknown;
  /** Whether the connection is lost, or in doubt. */
  readonly fatal?: unknown;
  /** How far the statement came, where we know; `silent`: it was sent, and no answer came in time. */
  readonly reached?: 'unsent' | 'silent' | 'commit';
}

/** An error after which the connection is in doubt. */
export function fatalFault(message: string, reached: 'unsent' | 'silent'): DriverFault {
  return Object.assign(new Error(message), { fatal: true, reached });
}

/** What the driver said: the error itself, or the cause of the {@link GuestError} around it. */
export function driverFault(error: unknown): DriverFault | undefined {
  const source = error instanceof GuestError ? error.cause : error;
  return source instanceof Error ? source : undefined;
}

/** Notes how far a statement came before its fault. @returns the error as it was given */
export function markReached(error: unknown, reached: 'unsent' | 'commit'): unknown {
  const fault = driverFault(error);
  return fault ? (Object.assign(fault, { reached }), error) : error;
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

/** Whether no further statement should go over the connection. */
export function isConnectionSpent(error: unknown): boolean {
  const fault = driverFault(error);
  return fault?.fatal === true || fault?.errno === NOT_PREPARED;
}

/** Whether another node of the cluster might do what this one did not. */
export function isFaultOfNode(error: unknown): boolean {
  const fault = driverFault(error);
  return (
    fault?.fatal === true || (typeof fault?.errno === 'number' && OF_THE_NODE.has(fault.errno))
  );
}

/**
 * Whether the same may be asked again. What certainly was not carried out may; what perhaps was, only
 * where doing it twice is the same as once: a counted attempt must not be counted twice, and a
 * consumed code must not look used by somebody else.
 *
 * @param isRepeatable whether nothing of it can have been committed: it reads, or is a transaction
 * @param hasOthers whether there is another node to ask: one that is silent would stay so
 */
export function mayAskAgain(error: unknown, isRepeatable: boolean, hasOthers: boolean): boolean {
  if (isDeadlock(error)) return true;
  const fault = driverFault(error);
  if (fault?.errno === NOT_PREPARED) return true;
  if (fault?.fatal !== true || fault.reached === 'commit') return false;
  if (fault.reached === 'unsent') return hasOthers;
  return isRepeatable && (hasOthers || fault.reached !== 'silent');
}

/** Turns what is the server's state into {@link GuestError} `unavailable`; the rest stays as it is. */
export function judge(error: DriverFault): Error {
  return error.fatal === true || (typeof error.errno === 'number' && UNAVAILABLE.has(error.errno))
    ? new GuestError('unavailable', { cause: error })
    : error;
}
