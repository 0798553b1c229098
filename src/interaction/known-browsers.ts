// Owns whether the browser of a visit is known for an address, and what makes it known next time.

import type { Clock } from '../domain/clock.ts';
import type { RedemptionMethod } from '../domain/identity-provider.ts';
import type { KnownBrowsers } from '../passcodes/known-browser.ts';
import type { Guest } from '../storage/store.ts';
import type { Visit } from './visit.ts';

/** By what a browser is known, and what tells it from others that are. */
export interface Recognition {
  readonly by: 'cookie' | 'invitation';
  readonly name: string;
}

export interface Acquaintance {
  /**
   * Whether the browser has pools of its own for an address (S10): the guest signed in here before,
   * or came by the link of an invitation that is still to be accepted.
   *
   * @param guest whose address it is, if anybody's
   */
  recognise(visit: Visit, addressKey: string, guest: Guest | undefined): Recognition | undefined;
  /** What the browser is to keep after a sign-in; undefined when nothing, or nothing new. */
  tokenAfter(
    visit: Visit,
    addressKey: string,
    guest: Pick<Guest, 'id' | 'revokedAt'>,
    method: RedemptionMethod,
  ): string | undefined;
}

/** @source S10; rules R68 (a reset makes every browser a new one) */
export function createAcquaintance({
  knownBrowsers,
  clock,
}: {
  readonly knownBrowsers: KnownBrowsers;
  readonly clock: Clock;
}): Acquaintance {
  return {
    recognise(visit, addressKey, guest) {
      const { knownBrowser: token, invited } = visit;
      if (token !== undefined) {
        // Compared for strangers too: who has a cookie learns nothing from the time it takes (S62).
        const owner = ownerOf(visit, addressKey, guest ?? { id: '', revokedAt: null });
        const known = knownBrowsers.read(token, owner, clock());
        if (known) return { by: 'cookie', name: known.nonce };
      }
      const isInvited = invited?.state === 'open' && invited.guest.addressKey === addressKey;
      const { invitationId = null } = isInvited ? invited.guest : {};
      return invitationId === null ? undefined : { by: 'invitation', name: `by ${invitationId}` };
    },
    tokenAfter(visit, addressKey, guest, method) {
      // Guests of other places are mailed no codes: there is nothing that could be spent.
      if (method !== 'emailOneTimePasscode') return undefined;
      return knownBrowsers.renew(visit.knownBrowser, ownerOf(visit, addressKey, guest), clock());
    },
  };
}

function ownerOf(
  { tenant }: Visit,
  addressKey: string,
  { id, revokedAt }: Pick<Guest, 'id' | 'revokedAt'>,
) {
  return { tenant: tenant.id, addressKey, guest: id, revokedAt };
}
