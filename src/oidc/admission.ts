// Owns how many sign-ins one network may begin in a minute: a flood must not fill the tables.

import { LRUCache } from 'lru-cache';
import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { networkOf } from '../domain/network.ts';

/** The network has begun too many. Answered here: the application could only send it again. */
export class TooManySignIns extends errors.AccessDenied {
  readonly code: ErrorCode = 'throttled';
  override status = 429;
  override statusCode = 429;
  override allow_redirect = false;

  constructor() {
    super('too many sign-ins were begun from this network, try again in a minute');
  }
}

/**
 * Counts one sign-in that is about to begin.
 * @throws {TooManySignIns} when its network has begun as many as it may
 */
export type AdmitSignIn = (ctx: KoaContextWithOIDC) => void;

const MINUTE = 60;
// What a process remembers of one minute; a flood from more networks than that has no one source.
const MOST_NETWORKS = 50_000;

/**
 * Each process counts by itself: a row per request would be the very load that is to be kept away.
 *
 * @source S59; T92; security requirements section 2.0
 */
export function createAdmission(perMinute: number, clock: Clock): AdmitSignIn {
  const begun = new LRUCache<string, number>({ max: MOST_NETWORKS });
  let minute = 0;
  return (ctx) => {
    // A sign-in that comes back from its pages was counted when it began.
    if (ctx.oidc.route !== 'authorization') return;
    const now = clock();
    if (Math.floor(now / MINUTE) !== minute) begun.clear();
    minute = Math.floor(now / MINUTE);
    const network = networkOf(ctx.ip);
    const count = (begun.get(network) ?? 0) + 1;
    begun.set(network, count);
    if (count <= perMinute) return;
    ctx.set('Retry-After', String((minute + 1) * MINUTE - now));
    throw new TooManySignIns();
  };
}
