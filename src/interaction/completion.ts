// Owns the last word on a proven sign-in: whether this guest may come in by this door, what is still
// to be accepted, and what redemption binds.

import { acrOf } from '../domain/claims.ts';
import type { Clock } from '../domain/clock.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { decideRedemption, type Door } from '../domain/redemption.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import { policyOf } from '../domain/tenant.ts';
import type { Directory } from '../guests/directory.ts';
import { guestFacts } from '../home-realm/guest-facts.ts';
import type { Guest, GuestBinding, SignIn } from '../storage/store.ts';
import { type Decided, decidedOf, type Doors } from './doors.ts';
import { finishLogin, finishWithError } from './finish.ts';
import { isSameDoor, type Proof, proofOf } from './proof.ts';
import { isContextUnmet, type Visit } from './visit.ts';

/** What is to be done with a proven sign-in. */
export type Judgement =
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly row: string | null }
  | {
      readonly outcome: 'welcome';
      /** undefined for a stranger who signs up (R10). */
      readonly guest: Guest | undefined;
      readonly binding: Proof;
      readonly consent: 'none' | 'review' | 'terms';
      readonly row: string;
      readonly rule: string;
    };

/** How a sign-in ended. */
export type Completion =
  | { readonly outcome: 'refused'; readonly code: ErrorCode; readonly row: string | null }
  | { readonly outcome: 'consent' }
  /** The guest is fine, but not in the way the application demands: nobody was signed in. */
  | { readonly outcome: 'unmet'; readonly to: string }
  | {
      readonly outcome: 'finished';
      readonly to: string;
      readonly subject: string;
      /** As in {@link Guest}. */
      readonly revokedAt: number | null;
      /** Where the guest was proven (R79). */
      readonly binding: GuestBinding;
      readonly row: string;
      readonly rule: string;
    };

export interface CompletionSteps {
  /** Judges without changing anything. */
  judge(visit: Visit, signIn: SignIn): Promise<Judgement>;
  /** Redeems, if nothing is left to accept, and ends the login. */
  complete(visit: Visit, signIn: SignIn): Promise<Completion>;
}

/** @source rules R6, R7, R10, R41, R69 to R73; S50, S51 */
export function createCompletion(deps: {
  readonly directory: Directory;
  readonly doors: Doors;
  readonly clock: Clock;
}): CompletionSteps {
  const { directory, doors, clock } = deps;
  return { judge, complete };

  async function judge(visit: Visit, signIn: SignIn): Promise<Judgement> {
    const { tenant, client } = visit;
    const decided = decidedOf(signIn) ?? (await decideNow(visit, signIn));
    const guest = await find(visit, signIn, decided);
    // Decided anew with who the guest really is: what the pages followed may have been presumed.
    const facts = { ...decided.facts, guest: guest ? guestFacts(guest, tenant, clock()) : null };
    const decision = decideRedemption(facts, policyOf(tenant, client.id), clock());
    const { row, rule } = decision;
    if (decision.outcome === 'refuse') return { outcome: 'refused', code: decision.code, row };
    // Known and not to be let in: a sign-up by another of their names would be a way around the block.
    if (!guest && decided.guest !== null) {
      return { outcome: 'refused', code: 'guest_unavailable', row };
    }
    const binding = proofOf(signIn);
    const open = decision.outcome === 'use' ? [decision.door] : decision.doors;
    const door = open.find((candidate) => isSameDoor(candidate, binding));
    // Proven by a door that is not this guest's: never attached to a guest bound elsewhere (S51).
    if (!door) return { outcome: 'refused', code: 'guest_unavailable', row };
    // Proven before a reset, a block or a removal that came in between: it proves nothing now (R68).
    if (guest?.revokedAt != null && (signIn.verifiedAt ?? 0) < guest.revokedAt) {
      return { outcome: 'refused', code: 'interaction_expired', row };
    }
    if (guest?.state === 'Accepted' && guest.identity !== binding.identity) {
      return { outcome: 'refused', code: 'identity_other', row };
    }
    const consent = guest?.state === 'Accepted' ? 'none' : consentOf(visit, signIn, door);
    return { outcome: 'welcome', guest, binding, consent, row, rule };
  }

  async function complete(visit: Visit, signIn: SignIn): Promise<Completion> {
    const judged = await judge(visit, signIn);
    if (judged.outcome === 'refused') return judged;
    if (judged.consent !== 'none') return { outcome: 'consent' };
    const { binding, row, rule } = judged;
    const refused = (code: ErrorCode): Completion => ({ outcome: 'refused', code, row });
    if (isContextUnmet(visit.interaction, acrOf(binding.method))) {
      const to = await finishWithError(visit.interaction, {
        error: 'unmet_authentication_requirements',
        error_description: 'this guest signs in another way than the requested acr',
      });
      return { outcome: 'unmet', to };
    }
    const { identity } = binding;
    // Looked at before a guest is made: a sign-up that cannot be bound must leave nobody behind.
    const isTaken =
      !judged.guest && identity !== null && (await directory.isBound(visit.tenant.id, identity));
    if (isTaken) return refused('identity_taken');
    const guest = judged.guest ?? (await signUp(visit, signIn, binding));
    if (!guest) return refused('guest_unavailable');
    if (guest.state === 'PendingAcceptance') {
      const redeemed = await directory.redeem(guest, binding);
      if (redeemed === 'identity_taken') return refused('identity_taken');
      if (redeemed === 'settled' && !(await isBoundAlike(guest, binding))) {
        return refused('guest_unavailable');
      }
    }
    const to = await finishLogin(visit.interaction, {
      subject: guest.id,
      method: binding.method,
      verifiedAt: signIn.verifiedAt ?? clock(),
      byMail: binding.method === 'emailOneTimePasscode' && signIn.addressKey === guest.addressKey,
    });
    const { id: subject, revokedAt } = guest;
    return { outcome: 'finished', to, subject, revokedAt, binding, row, rule };
  }

  async function decideNow(visit: Visit, signIn: SignIn): Promise<Decided> {
    const address = parseEmailAddress(signIn.address);
    if (!address) throw new TypeError('a proven sign-in has an address');
    return doors.decide(visit, address);
  }

  async function find(visit: Visit, signIn: SignIn, decided: Decided): Promise<Guest | undefined> {
    const known =
      decided.guest === null
        ? undefined
        : await directory.findBySubject(visit.tenant.id, decided.guest);
    // Removed and invited again meanwhile, or invited only now: the address says who it is.
    return known ?? directory.findByAddress(visit.tenant.id, signIn.addressKey);
  }

  /** Two redemptions at once: the one that lost is fine if it would have bound the same. */
  async function isBoundAlike(guest: Guest, binding: Proof): Promise<boolean> {
    const now = await directory.findBySubject(guest.tenant, guest.id);
    return (
      now?.state === 'Accepted' &&
      now.method === binding.method &&
      now.connection === binding.connection &&
      now.identity === binding.identity
    );
  }

  async function signUp(visit: Visit, signIn: SignIn, proof: Proof): Promise<Guest | undefined> {
    const address = parseEmailAddress(signIn.address);
    if (!address) return undefined;
    const { displayName } = proof;
    return directory.signUp({ tenant: visit.tenant.id, address, displayName });
  }
}

/** R70: permissions first, then terms if there are any; R72: neither where both sides waived them. */
function consentOf(visit: Visit, signIn: SignIn, door: Door): 'none' | 'review' | 'terms' {
  const connection = visit.tenant.connections?.find(({ id }) => id === door.connection);
  const automatic = connection?.automaticRedemption;
  if (automatic?.inbound && automatic.outbound) return 'none';
  if (signIn.accepted < 1) return 'review';
  return visit.tenant.termsUrl !== undefined && signIn.accepted < 2 ? 'terms' : 'none';
}
