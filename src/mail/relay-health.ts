// Owns whether the relay takes any mail just now, which every code page may say.

import type { Clock } from '../domain/clock.ts';

/** What is known of the relay, and of no mail. */
export interface RelayHealth {
  /** Has the relay asked behind the request, where that is a while ago. Never waits, never throws. */
  look(): void;
  /** Whether it took no connection when it was last asked; looks, too. */
  isDown(): boolean;
}

/** How often it is asked, at most, by one process; only while somebody looks at a page. */
const ASK_AGAIN_SECONDS = 10;
/** What was found is old after this: a page then says nothing until it is known anew. */
const KNOWN_SECONDS = 60;

/**
 * The relay is asked by a connection that carries no mail. What became of mails, or how long the
 * oldest waits, must not decide: nothing is sent to an address nobody invited, so in a quiet hour the
 * page of whoever typed one would tell it from a guest's (S62).
 *
 * @param deps `findFault` says what is wrong with the relay, undefined when nothing is
 * @source fault R9; S62
 */
export function createRelayHealth(deps: {
  readonly findFault: () => Promise<string | undefined>;
  readonly clock: Clock;
}): RelayHealth {
  const { findFault, clock } = deps;
  let isDown = false;
  let askedAt = -Infinity;
  let isAsking = false;
  const look = (): void => {
    if (!isAsking && clock() - askedAt >= ASK_AGAIN_SECONDS) void ask();
  };
  return {
    look,
    isDown() {
      look();
      return isDown && clock() - askedAt < KNOWN_SECONDS;
    },
  };

  async function ask(): Promise<void> {
    isAsking = true;
    try {
      isDown = (await findFault()) !== undefined;
    } catch {
      // Nothing was learned of the relay.
      isDown = false;
    }
    askedAt = clock();
    isAsking = false;
  }
}
