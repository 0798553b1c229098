// Owns the order of the decision table: which rows a tenant has, and which comes first.

import type { FallbackProvider, PrimaryProvider, RedemptionPolicy } from './redemption.ts';
import { admissionRows } from './redemption-admission.ts';
import { creationRows, fallbackRows, primaryRows } from './redemption-providers.ts';
import type { RedemptionRow } from './redemption-row.ts';

/**
 * The table of a tenant: rows 0 to 4, then 5 to 7 in the tenant's order of primary providers, then
 * 8 and 9 in its order of fallback providers, then 11 to 13. A provider that is not in an order has
 * no rows. The last row fits everybody.
 *
 * @source rules section 2; R53, R54
 */
export function tableOf(
  policy: Pick<RedemptionPolicy, 'order' | 'fallback'>,
): readonly RedemptionRow[] {
  return [
    ...admissionRows,
    ...policy.order.flatMap((provider) => primaryRows[provider]),
    ...policy.fallback.flatMap((provider) => fallbackRows[provider]),
    ...creationRows,
  ];
}

/** The rows a tenant does without, with the provider that is switched off. */
export function rowsOffOf(
  policy: Pick<RedemptionPolicy, 'order' | 'fallback'>,
): readonly { readonly provider: string; readonly rows: readonly RedemptionRow[] }[] {
  const on: ReadonlySet<string> = new Set([...policy.order, ...policy.fallback]);
  const all: Readonly<Record<PrimaryProvider | FallbackProvider, readonly RedemptionRow[]>> = {
    ...primaryRows,
    ...fallbackRows,
  };
  return Object.entries(all)
    .filter(([provider]) => !on.has(provider))
    .map(([provider, rows]) => ({ provider, rows }));
}
