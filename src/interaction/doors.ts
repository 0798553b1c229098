// Owns which door a sign-in takes: facts gathered once, decided, and remembered with the sign-in.

import type { Clock } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import { coversDomain, type Connection } from '../domain/identity-provider.ts';
import { isPasscodeOn } from '../domain/passcode-setting.ts';
import {
  decideRedemption,
  type Door,
  type RedemptionDecision,
  type RedemptionFacts,
} from '../domain/redemption.ts';
import { policyOf } from '../domain/tenant.ts';
import type { Discover } from '../home-realm/discover.ts';
import type { SignIn } from '../storage/store.ts';
import type { Proof } from './proof.ts';
import type { Visit } from './visit.ts';

/** What was found and decided about an address; kept as JSON with the sign-in. */
export interface Decided {
  /** Whom it was decided for. */
  readonly addressKey: string;
  readonly facts: RedemptionFacts;
  /** What the pages follow; for typed addresses it tells nothing about who is a guest. */
  readonly decision: RedemptionDecision;
  /** The door taken; null while the guest has to choose, or where there is none. */
  readonly door: Door | null;
  /** Id of the guest the address belongs to; null for strangers. */
  readonly guest: string | null;
}

export interface Doors {
  /** Finds and decides. Asks the places the decision needs, nobody else. */
  decide(visit: Visit, address: EmailAddress): Promise<Decided>;
  /** Whether the tenant's passcode is on for the client of this sign-in. */
  isPasscodeOn(visit: Visit): boolean;
  /** The one place that knows all addresses of the domain the client hints at (R20). */
  ofDomainHint(visit: Visit): Connection | undefined;
}

/** Somebody who might have been invited: what every unknown address is taken for (S62). */
const PRESUMED: NonNullable<RedemptionFacts['guest']> = {
  state: 'PendingAcceptance',
  method: null,
  connection: null,
  connectionExists: true,
  wasReset: false,
  invitation: 'open',
};

/** @source rules R1, R2, R20; S50, S62 */
export function createDoors({ discover, clock }: { discover: Discover; clock: Clock }): Doors {
  return {
    async decide(visit, address) {
      const { tenant, client, invited } = visit;
      const arrival = invited?.guest.addressKey === address.key ? 'invitation' : 'direct';
      const { facts, guest } = await discover({ tenant, clientId: client.id, address, arrival });
      const shown = arrival === 'invitation' ? facts : presume(facts);
      const decision = decideRedemption(shown, policyOf(tenant, client.id), clock());
      const door = decision.outcome === 'use' ? decision.door : null;
      return { addressKey: address.key, facts, decision, door, guest: guest?.id ?? null };
    },
    isPasscodeOn({ tenant, client }) {
      const policy = policyOf(tenant, client.id);
      return policy.clientTakesPasscodes && isPasscodeOn(policy, clock());
    },
    ofDomainHint({ tenant, client, domainHint }) {
      if (domainHint === undefined) return undefined;
      const { order } = policyOf(tenant, client.id);
      const methods = order.map((name) => (name === 'socialIdentityProviders' ? 'google' : name));
      const knowing = (tenant.connections ?? []).filter(
        ({ members, domains }) =>
          members.by === 'domain' && domains !== 'any' && coversDomain({ domains }, domainHint),
      );
      const ranked = methods.map((method) => knowing.find((found) => found.method === method));
      return ranked.find((found) => found !== undefined);
    },
  };
}

/**
 * What was decided about the address of a sign-in, if anything was. A browser that changes the
 * address between two of its own requests must not bring one guest's decision to another's address.
 */
export function decidedOf(
  signIn: Pick<SignIn, 'addressKey' | 'decision'> | undefined,
): Decided | undefined {
  if (!signIn?.decision) return undefined;
  const decided = JSON.parse(signIn.decision) as Decided;
  return decided.addressKey === signIn.addressKey ? decided : undefined;
}

/** What was proven before the address was known, kept in the decision's place (R20). */
export function heldOf(signIn: Pick<SignIn, 'decision'> | undefined): Proof | undefined {
  const kept = signIn?.decision ? (JSON.parse(signIn.decision) as { held?: Proof }) : undefined;
  return kept?.held;
}

/**
 * What a typed address may be shown to lead to. Whoever types an address learns nothing from the
 * pages that a stranger's address would not show; refusals that depend on the guest come after the
 * proof (S62).
 */
function presume(facts: RedemptionFacts): RedemptionFacts {
  const { guest } = facts;
  const isSettled = guest?.state === 'Accepted';
  return {
    ...facts,
    domainAllowed: true,
    guest: isSettled ? guest : { ...(guest ?? PRESUMED), invitation: 'open' },
  };
}
