// Owns reading how a tenant redeems, and whether any way is left for a guest nobody knows.

import {
  defaultRedemption,
  type EmailOneTimePasscode,
  type RedemptionSettings,
} from '../domain/tenant.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { note } from './note.ts';
import type { RedemptionFile } from './redemption-schema.ts';

/** What `redemption` is judged against. */
export interface RedemptionNeighbours {
  readonly emailOneTimePasscode: EmailOneTimePasscode;
  /** Whether the key `consumerAccounts` is there. */
  readonly hasConsumerAccounts: boolean;
  /** Whether the key `unmanagedAccounts` is there. */
  readonly hasUnmanagedAccounts: boolean;
}

/**
 * Reads `redemption`, the defaults put in, and reports what does not fit its neighbours.
 *
 * @param file as it stands in the file; {} for a tenant that says nothing
 * @source rules R37, R39, R42, R53, R54
 */
export function resolveRedemption(
  reading: Reading,
  file: RedemptionFile,
  neighbours: RedemptionNeighbours,
): RedemptionSettings {
  const fallback = Array.isArray(file.fallback) ? file.fallback : undefined;
  const settings: RedemptionSettings = {
    era: file.era ?? defaultRedemption.era,
    cloud: file.cloud ?? defaultRedemption.cloud,
    rolloutAt: toSeconds(file.rolloutAt) ?? defaultRedemption.rolloutAt,
    createdAt: toSeconds(file.createdAt) ?? defaultRedemption.createdAt,
    order: file.order ?? defaultRedemption.order,
    fallback: fallback ?? defaultRedemption.fallback,
  };
  reportTwice(reading, ['redemption', 'order'], settings.order);
  reportTwice(reading, ['redemption', 'fallback'], settings.fallback);
  judgeFallback(reading, settings, fallback !== undefined, neighbours);
  if (neighbours.hasUnmanagedAccounts && settings.era !== 'staged') {
    const mend = 'delete them, or set redemption.era to staged';
    report(reading, ['unmanagedAccounts'], 'accounts that era current does not know', mend, 'key');
  }
  return settings;
}

// A tenant without any fallback locks out guests it has invited itself.
function judgeFallback(
  reading: Reading,
  { cloud, fallback }: RedemptionSettings,
  isWritten: boolean,
  { emailOneTimePasscode, hasConsumerAccounts }: RedemptionNeighbours,
): void {
  const takesPasscodes = fallback.includes('emailOneTimePasscode');
  const takesConsumers = fallback.includes('consumerAccount');
  const isDisabled = emailOneTimePasscode === 'disabled';
  const consumersWork = takesConsumers && hasConsumerAccounts;
  if (consumersWork || (takesPasscodes && !isDisabled)) {
    // In gov the default means off, and whoever runs the tenant may turn it on later (R42).
    const isOffForNow = cloud === 'gov' && emailOneTimePasscode === 'default';
    if (!consumersWork && isOffForNow) noteLockedOut(reading);
    return;
  }
  if (!isWritten) {
    noteLockedOut(reading);
    return;
  }
  const reasons = [
    ...(takesPasscodes ? ['emailOneTimePasscode is disabled'] : []),
    ...(takesConsumers ? ['there are no consumerAccounts'] : []),
  ];
  const mend = isDisabled
    ? 'set emailOneTimePasscode to enabled, or add consumerAccount with consumerAccounts'
    : 'add emailOneTimePasscode, or consumerAccount with consumerAccounts';
  const why = reasons.length > 0 ? `: ${reasons.join(', and ')}` : '';
  report(reading, ['redemption', 'fallback'], `no fallback is left${why}`, mend);
}

function noteLockedOut(reading: Reading): void {
  const mend = 'enable emailOneTimePasscode, or add consumerAccounts';
  const message = 'guests whom no primary provider knows cannot redeem';
  note(reading, ['emailOneTimePasscode'], message, mend);
}

function reportTwice(reading: Reading, path: Path, words: readonly string[]): void {
  for (const [index, word] of words.entries()) {
    if (words.indexOf(word) === index) continue;
    report(reading, [...path, index], `${word} stands twice`, 'keep one of the two');
  }
}

function toSeconds(instant: string | undefined): number | undefined {
  return instant === undefined ? undefined : Math.floor(Date.parse(instant) / 1000);
}
