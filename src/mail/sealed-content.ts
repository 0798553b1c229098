// Owns how content lies in the outbox: sealed to its row, and all rows of one size (S62).

import { readBrowserName } from '../domain/browser-name.ts';
import type { Sealer } from '../settings/sealer.ts';
import type { MailContent } from './content.ts';

/** Where a sealed content belongs; it opens nowhere else. */
export interface ContentPlace {
  readonly tenant: string;
  readonly id: string;
}

// Far above a usual passcode mail, so that real ones and decoys are equally long.
const BLOCK_BYTES = 2048;

/**
 * Seals one mail's content, padded to a multiple of 2048 bytes.
 *
 * @param content null makes a decoy: as costly and as long as a passcode mail, and empty
 * @returns base64url
 */
export function sealContent(
  sealer: Sealer,
  place: ContentPlace,
  content: MailContent | null,
): string {
  const json = Buffer.from(content === null ? '' : JSON.stringify(content));
  const padded = Buffer.alloc(Math.ceil((json.length || 1) / BLOCK_BYTES) * BLOCK_BYTES, ' ');
  json.copy(padded);
  return sealer.seal(padded, contextOf(place));
}

/**
 * Opens what {@link sealContent} sealed.
 *
 * @throws {Error} when it was changed, moved from another row, or sealed under another key
 */
export function openContent(sealer: Sealer, place: ContentPlace, sealed: string): MailContent {
  // No schema: the seal proves that this program wrote it.
  const content: MailContent = JSON.parse(sealer.open(sealed, contextOf(place)).toString('utf8'));
  // Sealed before an update, it names the browser in one string.
  const { browserFamily } = content as { readonly browserFamily?: unknown };
  return typeof browserFamily === 'string'
    ? Object.assign(content, { browserFamily: readBrowserName(browserFamily) })
    : content;
}

function contextOf({ tenant, id }: ContentPlace): string {
  return `${tenant}/${id}`;
}
