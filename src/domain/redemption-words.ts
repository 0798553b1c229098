// Owns what is known of a guest in words, for the people who look at a decision.

import { isPasscodeOn, isRolledOut } from './passcode-setting.ts';
import type { AccountAnswer, RedemptionFacts, RedemptionPolicy } from './redemption.ts';

/** How the tenant was named. */
export function tenant({ tenant }: RedemptionFacts): string {
  if (tenant === 'resolved') return 'the tenant was found';
  return tenant === 'missing' ? 'nothing names a tenant' : 'no tenant has that name';
}

/** Both clouds. */
export function cloud(facts: RedemptionFacts, policy: RedemptionPolicy): string {
  const partner = facts.partnerCloudUnsupported ? 'only the public one' : 'this one as well';
  return `this cloud is ${policy.cloud}; the partner works with ${partner}`;
}

/** Who the address belongs to. */
export function guest({ guest, selfService }: RedemptionFacts): string {
  if (guest === null) {
    return selfService
      ? 'nobody invited the address; strangers may sign up'
      : 'nobody invited the address';
  }
  if (guest.state === 'PendingAcceptance') {
    const reset = guest.wasReset ? ', reset before' : '';
    return `invited, not redeemed yet${reset}; the invitation is ${guest.invitation}`;
  }
  const place = guest.connection === null ? '' : ` at ${guest.connection}`;
  const gone = guest.connectionExists ? '' : ', which is not configured any more';
  return `redeemed by ${guest.method ?? 'an unknown method'}${place}${gone}`;
}

/** What the domain list and cross-tenant access say. */
export function domain({ domainAllowed }: RedemptionFacts): string {
  return domainAllowed ? 'the domain is allowed' : 'the domain is not allowed';
}

/** The home directory's answer. */
export function home({ home }: RedemptionFacts): string {
  if (home === null) return 'no home directory has the domain';
  const matches = {
    userPrincipalName: 'signs an account in by the address',
    alias: `knows the address as an alias of ${home.userPrincipalName ?? 'an account'}`,
    none: 'does not know the address',
    unknown: 'could not be asked',
    unasked: 'was not asked',
  };
  return `home directory ${home.connection} ${matches[home.match]}`;
}

/** Whether the domain is federated. */
export function federation({ federation }: RedemptionFacts): string {
  return federation === null ? 'no federation has the domain' : `federated as ${federation}`;
}

/** Whether Google is to be had. */
export function google({ google }: RedemptionFacts): string {
  return google === null
    ? "the domain is not Google's own, or Google is not configured"
    : `the domain is Google's own, configured as ${google}`;
}

/** Whether there is a consumer account. */
export function consumer({ consumer }: RedemptionFacts): string {
  return place('consumer', consumer.answer);
}

/** Whether there is an unmanaged account, and whether it counts. */
export function unmanaged(facts: RedemptionFacts, policy: RedemptionPolicy, now: number): string {
  if (policy.era === 'current') return 'unmanaged accounts belong to era staged';
  const change = isRolledOut(policy, now) ? 'after the change' : 'before the change';
  const reset = facts.guest?.wasReset === true ? ', the guest was reset' : '';
  return `${place('unmanaged', facts.unmanaged.answer)}; ${change}${reset}`;
}

/** Whether passcodes are on, and for whom. */
export function passcode(_: RedemptionFacts, policy: RedemptionPolicy, now: number): string {
  const state = isPasscodeOn(policy, now) ? 'on' : 'off';
  const listed = policy.fallback.includes('emailOneTimePasscode') ? '' : ', not a fallback';
  const client = policy.clientTakesPasscodes ? '' : ', not taken by the application';
  return `passcodes are ${state} (${policy.emailOneTimePasscode})${listed}${client}`;
}

/** Where an account could be made. */
export function creation(facts: RedemptionFacts, policy: RedemptionPolicy, now: number): string {
  const { consumer, unmanaged } = facts;
  const places = [
    consumer.connection === null ? [] : [consumer.connection],
    unmanaged.connection === null || isRolledOut(policy, now) ? [] : [unmanaged.connection],
  ].flat();
  const kind = facts.consumerDomain ? 'a consumer domain' : 'no consumer domain';
  const refused = facts.unmanagedRefused ? ', its owner takes no unmanaged accounts' : '';
  const where = places.length === 0 ? 'no place makes accounts' : `made at ${places.join(' or ')}`;
  return `${passcode(facts, policy, now)}; ${kind}${refused}; ${where}`;
}

function place(kind: 'consumer' | 'unmanaged', answer: AccountAnswer): string {
  const answers: Readonly<Record<AccountAnswer, string>> = {
    account: `the address has one of the ${kind} accounts`,
    none: `the address has none of the ${kind} accounts`,
    unknown: `the place of ${kind} accounts could not be asked`,
    unconfigured: `${kind} accounts are not configured`,
    unasked: `${kind} accounts were not asked about`,
  };
  return answers[answer];
}
