// Owns doing a request once, however often it is sent: the answer to the first is given again.

import { createHash } from 'node:crypto';
import type { Clock } from '../../domain/clock.ts';
import type { Sealer } from '../../settings/sealer.ts';
import type { OidcStore } from '../../storage/store.ts';
import { type Operation, type Outcome } from './operation.ts';
import { isProblem, type Problem, problem } from './problem.ts';

/** What makes a request the same one. */
export interface Repeatable {
  readonly tenant: string;
  /** Of the token: no client meets the answer to another. */
  readonly clientId: string;
  /** As the header says it. */
  readonly key: string;
  readonly operation: Operation['name'];
  /** Of the path. */
  readonly id: string;
  readonly body: unknown;
}

/** Runs a request once per key. */
export type Once = (
  request: Repeatable,
  run: () => Promise<Outcome>,
) => Promise<{ readonly outcome: Outcome; readonly isRepeated: boolean }>;

const MODEL = 'Idempotency';
const KEPT_SECONDS = 86_400;
// Longer than any request lives: whoever died in between blocks its key no longer than this.
const RUNNING_SECONDS = 60;

/** Tells a usable `Idempotency-Key`: 1 to 255 visible ASCII characters. */
export function isIdempotencyKey(key: string): boolean {
  return /^[\x21-\x7e]{1,255}$/.test(key);
}

/**
 * Remembers answers in the store, so that any process knows them. Only success is kept: what was
 * refused changed nothing, and may be right the next time.
 *
 * @param sealer of this purpose alone: the answer to an invitation holds its link
 * @source S65
 */
export function createOnce(deps: {
  readonly store: OidcStore;
  readonly sealer: Sealer;
  readonly clock: Clock;
}): Once {
  const { store, sealer, clock } = deps;

  return async (request, run) => {
    const { tenant } = request;
    const id = digestOf([request.clientId, request.key]);
    const fingerprint = digestOf([request.operation, request.id, JSON.stringify(request.body)]);
    const row = { tenant, model: MODEL, id, grantId: null, uid: null, userCode: null };
    const began = {
      ...row,
      payload: { fingerprint },
      expiresAt: clock() + RUNNING_SECONDS,
    };
    const known = await store.find(tenant, MODEL, id);
    // Its process died before it could answer, or its day is over: the purge is late.
    if (known && (known.expiresAt ?? 0) <= clock()) await store.destroy(tenant, MODEL, id);
    if (!(await store.insert(began))) return repeat(request, id, fingerprint);
    let outcome: Outcome;
    try {
      outcome = await run();
    } catch (error) {
      await store.destroy(tenant, MODEL, id);
      throw error;
    }
    if (isProblem(outcome)) {
      await store.destroy(tenant, MODEL, id);
    } else {
      const answer = sealer.seal(JSON.stringify(outcome ?? null), contextOf(tenant, id));
      const payload = { fingerprint, answer };
      await store.upsert({ ...row, payload, expiresAt: clock() + KEPT_SECONDS });
    }
    return { outcome, isRepeated: false };
  };

  async function repeat(
    { tenant }: Repeatable,
    id: string,
    fingerprint: string,
  ): Promise<{ readonly outcome: Outcome; readonly isRepeated: boolean }> {
    const before = await store.find(tenant, MODEL, id);
    if (before && before.payload['fingerprint'] !== fingerprint) {
      return refuse(problem(422, 'This Idempotency-Key was used for another request.'));
    }
    const answer = before?.payload['answer'];
    if (typeof answer !== 'string') {
      return refuse(problem(409, 'The first request with this Idempotency-Key is under way.'));
    }
    const text = sealer.open(answer, contextOf(tenant, id)).toString('utf8');
    const outcome = JSON.parse(text) as object | null;
    return { outcome: outcome ?? undefined, isRepeated: true };
  }
}

function refuse(outcome: Problem): { readonly outcome: Problem; readonly isRepeated: boolean } {
  return { outcome, isRepeated: false };
}

function contextOf(tenant: string, id: string): string {
  return `admin-answer:${tenant}:${id}`;
}

/** As JSON, so that no two lists run together to the same text. */
function digestOf(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64url');
}
