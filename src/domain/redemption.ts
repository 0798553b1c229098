// Owns who gets which door: what is asked, what is known, and what is decided of it.

import type { ErrorCode } from './errors.ts';
import type { RedemptionMethod, UpstreamMethod } from './identity-provider.ts';
import { lastRow } from './redemption-providers.ts';
import { tableOf } from './redemption-rows.ts';

/** `staged` is the seed's rollout with its dates, `current` what came after it. */
export type Era = 'staged' | 'current';

/** Primary identity providers, named after Graph's precedence order (R53). */
export type PrimaryProvider = 'homeDirectory' | 'externalFederation' | 'socialIdentityProviders';

/** Fallback identity providers (R53). */
export type FallbackProvider = 'consumerAccount' | 'emailOneTimePasscode';

/** What a tenant has decided; everything the table asks that is not about the guest. */
export interface RedemptionPolicy {
  readonly era: Era;
  readonly cloud: 'public' | 'gov';
  /** Graph's allowExternalIdToUseEmailOtp (R31, R36). */
  readonly emailOneTimePasscode: 'default' | 'enabled' | 'disabled';
  /** Epoch seconds at which `default` turns into on for this tenant (R37). */
  readonly rolloutAt: number;
  /** Epoch seconds; a tenant made after the change starts with passcodes on (R39). */
  readonly createdAt: number | null;
  /** Those tried, in order; one that is missing is disabled (R53, R54). */
  readonly order: readonly PrimaryProvider[];
  /** Those tried when no primary fits, in order; never empty in effect (R54). */
  readonly fallback: readonly FallbackProvider[];
  /** Whether the client of this sign-in takes passcode guests (R11); true when there is no client. */
  readonly clientTakesPasscodes: boolean;
}

/** What asking a place for an account brought: `unasked` where the answer could not matter. */
export type AccountAnswer = 'account' | 'none' | 'unknown' | 'unconfigured' | 'unasked';

/** Everything known of one address on its way in. Plain data; printed by `explain`. */
export interface RedemptionFacts {
  /** How the tenant was named. */
  readonly tenant: 'resolved' | 'missing' | 'unknown';
  /** By the mailed link, or by an application's own link. */
  readonly arrival: 'invitation' | 'direct';
  /** The guest the address belongs to; null for strangers, the blocked and the removed. */
  readonly guest: {
    readonly state: 'PendingAcceptance' | 'Accepted';
    readonly method: RedemptionMethod | null;
    /** Connection id the guest is bound to. */
    readonly connection: string | null;
    /** Whether that connection is still configured; true for the passcode. */
    readonly connectionExists: boolean;
    /** Whether the redemption was reset at least once. */
    readonly wasReset: boolean;
    readonly invitation: 'open' | 'expired';
  } | null;
  /** Whether the client lets strangers sign up (R10). */
  readonly selfService: boolean;
  /** Whether the domain may be redeemed: domain list and inbound access (R73, R74). */
  readonly domainAllowed: boolean;
  /** Partner cloud this cloud cannot work with (R43). */
  readonly partnerCloudUnsupported: boolean;
  /** The home directory of the domain: how its account matched the address. */
  readonly home: {
    readonly connection: string;
    readonly match: 'userPrincipalName' | 'alias' | 'none' | 'unknown' | 'unasked';
    /** The name to sign in by, when matched. */
    readonly userPrincipalName: string | null;
  } | null;
  /** OIDC or SAML federation of exactly this domain: connection id. */
  readonly federation: string | null;
  /** Google, where configured and the domain is Google's own: connection id. */
  readonly google: string | null;
  readonly consumer: { readonly connection: string | null; readonly answer: AccountAnswer };
  /** Whether the domain is one of consumer mailboxes (row 12). */
  readonly consumerDomain: boolean;
  readonly unmanaged: { readonly connection: string | null; readonly answer: AccountAnswer };
  /** Whether the domain's owner takes no accounts made by mail alone (row 12). */
  readonly unmanagedRefused: boolean;
}

/** One way to be let in. */
export interface Door {
  readonly method: RedemptionMethod;
  /** Connection id; null for the passcode. */
  readonly connection: string | null;
  /** Whether the guest is to make an account there (`prompt=create`). */
  readonly create: boolean;
  /** The name to sign in by upstream when it is not the invited address (R57). */
  readonly userPrincipalName: string | null;
}

/** What becomes of the guest. */
export type RedemptionOutcome =
  | { readonly outcome: 'use'; readonly door: Door }
  /** Several places know the guest: the guest picks (R46). */
  | { readonly outcome: 'choose'; readonly doors: readonly Door[] }
  | { readonly outcome: 'refuse'; readonly code: ErrorCode };

/** What was decided, by which row and rule. */
export type RedemptionDecision = {
  readonly row: string;
  readonly rule: string;
} & RedemptionOutcome;

/**
 * Decides who gets which door. Pure and total: the first row of {@link tableOf} that fits decides,
 * and the last one always fits.
 *
 * @param now epoch seconds
 * @source rules section 2
 */
export function decideRedemption(
  facts: RedemptionFacts,
  policy: RedemptionPolicy,
  now: number,
): RedemptionDecision {
  // The table ends with lastRow; only the compiler needs to hear it again.
  const fits = tableOf(policy).find((row) => row.test(facts, policy, now)) ?? lastRow;
  return { row: fits.row, rule: fits.rule, ...fits.outcome(facts) };
}

export type { UpstreamMethod };
