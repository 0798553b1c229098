// Owns the numbers: every lifetime, count and budget, with its default and the bound that keeps the
// guess probability of SECURITY.md true.

/**
 * Every limit an installation may set. `default` is shipped; `min` and `max` are the bounds that
 * configuration may not pass without `unsafeLimits: true` on a loopback installation.
 *
 * @source security requirements, section 2.0 (S2, S7 to S10, S28)
 */
export const limitTable = {
  passcodeDigits: { default: 8, min: 8, max: 12 },
  passcodeLifetimeSeconds: { default: 1800, min: 300, max: 1800 },
  attemptsPerPasscode: { default: 5, min: 3, max: 5 },
  passcodesPerSignIn: { default: 4, min: 1, max: 6 },
  resendCooldownSeconds: { default: 30, min: 30, max: 600 },
  interactionSeconds: { default: 3600, min: 1800, max: 3600 },
  sessionSeconds: { default: 86_400, min: 900, max: 86_400 },
  failuresPerAddressPerDay: { default: 10, min: 1, max: 10 },
  failuresPerAddressPer30Days: { default: 50, min: 1, max: 50 },
  failuresOfKnownBrowsersPerDay: { default: 10, min: 1, max: 10 },
  failuresOfKnownBrowsersPer30Days: { default: 50, min: 1, max: 50 },
  consecutiveFailuresPerAddress: { default: 100, min: 1, max: 100 },
  failuresPerNetworkPerDay: { default: 100, min: 1, max: 100 },
  refusedPerNetworkPerDay: { default: 1000, min: 1, max: 1000 },
  failuresPerTenantPerDay: { default: 1000, min: 1, max: 1000 },
  failuresPerInstancePerDay: { default: 5000, min: 1, max: 5000 },
  sendsPerAddressPerHour: { default: 5, min: 1, max: 5 },
  sendsPerAddressPerDay: { default: 20, min: 1, max: 20 },
  sendsPerKnownBrowserPerHour: { default: 5, min: 1, max: 5 },
  sendsPerKnownBrowserPerDay: { default: 10, min: 1, max: 10 },
  sendsPerMailboxPerHour: { default: 10, min: 1, max: 10 },
  sendsPerMailboxPerDay: { default: 40, min: 1, max: 40 },
  sendsPerNetworkPer15Minutes: { default: 60, min: 1, max: 60 },
  sendsPerNetworkPerDay: { default: 300, min: 1, max: 300 },
  sendsPerTenantPerHour: { default: 2000, min: 1, max: 2000 },
  signInsPerNetworkPerMinute: { default: 120, min: 1, max: 120 },
} as const satisfies Record<
  string,
  { readonly default: number; readonly min: number; readonly max: number }
>;

/** The name of one limit. */
export type LimitName = keyof typeof limitTable;

/** A value for every limit: whole numbers; names ending in Seconds are seconds. */
export type Limits = Readonly<Record<LimitName, number>>;

/** The limits as shipped. */
export const defaultLimits: Limits = Object.freeze(
  Object.fromEntries(Object.entries(limitTable).map(([name, limit]) => [name, limit.default])),
) as Limits;
