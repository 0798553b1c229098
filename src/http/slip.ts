// Owns what was wrong with a form, carried over the redirect that follows it: a page that stood at the
// address of its form would, by Back, ask to be sent again, and show nothing before.

import { z } from 'zod';
import type { Clock } from '../domain/clock.ts';
import { type ErrorCode, errorTable } from '../domain/errors.ts';
import type { Problem } from '../interaction/problem.ts';
import { createSealerRing } from '../settings/sealer.ts';

/** The query parameter of a sign-in's page that carries a slip. */
export const SLIP_PARAMETER = 'said';

/** What was wrong with a form that changed nothing. */
export interface Slip {
  readonly problem: Problem;
  /** The field as it was typed: nothing is lost. */
  readonly typed: string;
}

/** One sign-in in one browser: a slip says nothing anywhere else. */
export interface SlipPlace {
  readonly uid: string;
  /** Digest of the browser (S24). */
  readonly browser: string;
}

/** Seals slips and opens them again. */
export interface Slips {
  /** @returns for the query: URL-safe, at most 1600 characters */
  seal(place: SlipPlace, slip: Slip): string;
  /** Never throws: whatever is none of ours, of another place, or stale is undefined. */
  open(place: SlipPlace, given: unknown): Slip | undefined;
}

/** As long as whoever reads a page keeps it in mind, in seconds. */
const LIFETIME_SECONDS = 600;
/** Of a field; no address is longer. */
const MOST_TYPED = 254;
const MOST_CHARACTERS = 1600;

const contents = z.strictObject({
  code: z.custom<ErrorCode>((value) => Object.hasOwn(errorTable, String(value))),
  params: z.record(z.string(), z.unknown()),
  typed: z.string(),
  until: z.int(),
});

/**
 * AES-256-GCM: nobody puts words into a page of ours by a link, and no log keeps what was typed.
 *
 * @param keys 32 bytes or more each, newest first; old ones still open
 * @throws {TypeError} without a key, or when one is too short
 * @source experience, owner's decisions (no dead ends); S61, S65
 */
export function createSlips(keys: readonly Buffer[], clock: Clock): Slips {
  const ring = createSealerRing(keys, 'slip');
  return {
    seal(place, { problem, typed }) {
      const until = clock() + secondsOf(problem);
      const kept = { ...problem, typed: typed.slice(0, MOST_TYPED), until };
      return ring.seal(JSON.stringify(kept), contextOf(place));
    },
    open(place, given) {
      if (typeof given !== 'string' || given.length > MOST_CHARACTERS) return undefined;
      const opened = ring.open(given, contextOf(place));
      const read = opened && contents.safeParse(JSON.parse(opened.toString()));
      if (!read?.success || clock() >= read.data.until) return undefined;
      const { code, params, typed } = read.data;
      return { problem: { code, params }, typed };
    },
  };
}

/**
 * Whether a page has the form a problem is about: Back leads to a slip from any later step, too. Pure.
 *
 * @param page the step or page that is shown
 */
export function isSaidAt(page: string, { code }: Problem): boolean {
  // Of no form that is shown: whoever posted it came past the pages.
  if (code === 'passcode_not_sent') return true;
  if (code.startsWith('address_')) return page === 'address';
  const isAboutCode = code.startsWith('passcode_');
  return page === 'enter-code' || (page === 'send-code' && !isAboutCode);
}

/** "Wait 30 seconds" is true for so long. */
function secondsOf({ params: { retryAfterSeconds } }: Problem): number {
  const wait = typeof retryAfterSeconds === 'number' ? retryAfterSeconds : LIFETIME_SECONDS;
  return Math.min(wait, LIFETIME_SECONDS);
}

function contextOf({ uid, browser }: SlipPlace): string {
  return JSON.stringify(['slip 1', uid, browser]);
}
