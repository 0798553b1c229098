// Owns the conditions that several rows of the decision table share.

import type { RedemptionMethod } from './identity-provider.ts';
import { isPasscodeOn, isRolledOut } from './passcode-setting.ts';
import type { RedemptionFacts, RedemptionPolicy } from './redemption.ts';

/** Whether the guest has redeemed, by whatever method. */
export function isAccepted({ guest }: RedemptionFacts): boolean {
  return guest?.state === 'Accepted';
}

/** Whether the guest has redeemed by this method (R6). */
export function isBoundTo({ guest }: RedemptionFacts, method: RedemptionMethod): boolean {
  return guest?.state === 'Accepted' && guest.method === method;
}

/** Whether the place the guest has redeemed by is still there to be sent to (R7). */
export function isBoundPlaceThere({ guest }: RedemptionFacts): boolean {
  return (
    guest?.state === 'Accepted' &&
    guest.method !== null &&
    guest.method !== 'emailOneTimePasscode' &&
    guest.connection !== null &&
    guest.connectionExists
  );
}

/** Whether the address is a name the home directory signs an account in by (R46). */
export function isAtHome({ home }: RedemptionFacts): boolean {
  return home?.match === 'userPrincipalName';
}

/**
 * Whether an unmanaged account counts as a home directory: only before the change, or for guests
 * who were not reset since; never in the government cloud, which has none.
 *
 * @source rules M2, M5, M8, M11, R42
 */
export function countsUnmanaged(
  { guest, unmanaged }: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
): boolean {
  if (policy.era !== 'staged' || policy.cloud === 'gov' || unmanaged.connection === null) {
    return false;
  }
  return !(isRolledOut(policy, now) && guest?.wasReset === true);
}

/** Whether consumer accounts can be used for a new redemption (R53, R55). */
export function takesConsumers({ consumer }: RedemptionFacts, policy: RedemptionPolicy): boolean {
  return consumer.connection !== null && policy.fallback.includes('consumerAccount');
}

/** Whether the address has a consumer account that can be used. */
export function hasConsumerAccount(facts: RedemptionFacts, policy: RedemptionPolicy): boolean {
  return takesConsumers(facts, policy) && facts.consumer.answer === 'account';
}

/** Whether a guest who redeems here and now may do so by passcode (R3, R11). */
export function isPasscodeOffered(policy: RedemptionPolicy, now: number): boolean {
  return (
    isPasscodeOn(policy, now) &&
    policy.fallback.includes('emailOneTimePasscode') &&
    policy.clientTakesPasscodes
  );
}

/** Whether guests without a passcode still make accounts the way of before the change (R40). */
export function createsUnmanaged(policy: RedemptionPolicy, now: number): boolean {
  return !isPasscodeOffered(policy, now) && !isRolledOut(policy, now);
}
