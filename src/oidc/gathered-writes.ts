// Owns what one request of the engine leaves behind: gathered while it runs, and written in one
// commit when its session is saved. A process that dies in between leaves all of it or nothing.

import type { GuestSession, OidcChanges, OidcRecord, OidcStore } from '../storage/store.ts';

/** A record as it is named. */
type Named = Pick<OidcRecord, 'tenant' | 'model' | 'id'>;
type Saved = OidcChanges['saved'][number];

/** The writes of one request so far. */
export interface Gathered {
  save(record: Saved): void;
  destroy(record: Named): void;
  /** Whether it holds anything of a model; with an id, of that record. */
  holds(model: string, id?: string): boolean;
  /** Writes it by a store, and begins anew. Nothing is left for a second try. */
  write(store: Pick<OidcStore, 'writeAll'>): Promise<void>;
}

/** Gathers by request: what another one writes at the same time is none of it. */
export interface GatheredWrites {
  /**
   * Runs a request whose writes may be gathered, and writes what it has not written itself.
   * @param noted the sign-in the request has just ended, asked when its session is written
   */
  around(
    ctx: object,
    next: () => Promise<unknown>,
    noted: () => GuestSession | null,
  ): Promise<void>;
  /** What a request has gathered; undefined outside of {@link GatheredWrites.around}. */
  of(ctx: object | undefined): Gathered | undefined;
}

/** @param store writes what a request has left unwritten because it saved no session */
export function createGatheredWrites(store: Pick<OidcStore, 'writeAll'>): GatheredWrites {
  const requests = new WeakMap<object, Gathered>();
  return {
    of: (ctx) => ctx && requests.get(ctx),
    async around(ctx, next, noted) {
      const gathered = createGathered(noted);
      requests.set(ctx, gathered);
      try {
        await next();
      } finally {
        // The answer leaves after it: nobody holds a code that is not there.
        await gathered.write(store);
        requests.delete(ctx);
      }
    },
  };
}

function createGathered(noted: () => GuestSession | null): Gathered {
  let saved: Saved[] = [];
  let destroyed: Named[] = [];
  return {
    save: (record) => void saved.push(record),
    destroy: (record) => void destroyed.push(record),
    holds: (model, id) =>
      [...saved, ...destroyed].some(
        (record) => record.model === model && (id === undefined || record.id === id),
      ),
    async write(writer) {
      const [first] = [...saved, ...destroyed];
      if (!first) return;
      const changes = { tenant: first.tenant, destroyed, saved };
      const isSession = saved.some(({ model }) => model === 'Session');
      saved = [];
      destroyed = [];
      await writer.writeAll({ ...changes, noted: isSession ? noted() : null });
    },
  };
}
