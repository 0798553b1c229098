// Owns which places are worth asking: those whose answer can change the decision.

import {
  decideRedemption,
  type RedemptionFacts,
  type RedemptionPolicy,
} from '../domain/redemption.ts';

/** A place that can be asked for an account. */
export type AskedPlace = 'home' | 'unmanaged' | 'consumer';

type InvitedFacts = NonNullable<RedemptionFacts['guest']>;

const INVITED: InvitedFacts = {
  state: 'PendingAcceptance',
  method: null,
  connection: null,
  connectionExists: true,
  wasReset: false,
  invitation: 'open',
};

// Every address is judged as anybody's who has not redeemed. Judged by its own guest, an address
// nobody invited would be asked about less, and be told apart by the time it takes (S62).
const ANYBODY: readonly InvitedFacts[] = [INVITED, { ...INVITED, wasReset: true }];

/**
 * Tells whether the answer of a place can change what becomes of the address, whoever it belongs
 * to. Pure. Ask in the order home, unmanaged, consumer, with the earlier answers among the facts.
 *
 * @param now epoch seconds
 */
export function matters(
  place: AskedPlace,
  facts: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
): boolean {
  return ANYBODY.some((guest) => {
    const decisions = variantsOf(place, { ...facts, guest }).map((variant) =>
      JSON.stringify(decideRedemption(variant, policy, now)),
    );
    return new Set(decisions).size > 1;
  });
}

/** The facts under every answer the place could give. */
function variantsOf(place: AskedPlace, facts: RedemptionFacts): readonly RedemptionFacts[] {
  if (place !== 'home') {
    const answers = ['account', 'none', 'unknown'] as const;
    return answers.map((answer) => ({ ...facts, [place]: { ...facts[place], answer } }));
  }
  const { home } = facts;
  const matches = ['userPrincipalName', 'alias', 'none', 'unknown'] as const;
  return home === null ? [] : matches.map((match) => ({ ...facts, home: { ...home, match } }));
}
