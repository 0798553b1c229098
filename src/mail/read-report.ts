// Owns reading what mail servers write to each other about a mail: delivery status (RFC 3464) and
// complaints (RFC 5965). Nothing in it is believed but the id of the mail and what became of it.

import PostalMime, { type Attachment } from 'postal-mime';
import { MAIL_STATUS } from '../domain/mail-fate.ts';
import type { TakenReport } from './reports.ts';

/** Larger ones are no reports: we ask for headers alone. */
export const MAX_REPORT_BYTES = 1024 * 1024;
const MAX_NESTING = 16;
const MAX_HEADERS = 128 * 1024;

type Fields = ReadonlyMap<string, string>;

/**
 * Reads one message as it was received.
 *
 * @returns undefined for what is no report, does not say which mail it is about, or says no more than
 *   that all is well; a human's answer is one of these
 */
export async function readReport(message: Buffer): Promise<TakenReport | undefined> {
  if (message.length > MAX_REPORT_BYTES) return undefined;
  const parts = await partsOf(message);
  const complaint = textOf(parts, 'message/feedback-report');
  const status = textOf(parts, 'message/delivery-status');
  const groups = groupsOf(status ?? '');
  const id = idOf(groups[0], parts);
  if (id === undefined) return undefined;
  if (complaint !== undefined) {
    const type = groupsOf(complaint)[0]?.get('feedback-type')?.toLowerCase();
    // `not-spam` takes a complaint back, others are about forgery: neither is this reader's word.
    return type === 'abuse' ? { id, what: 'complained' } : undefined;
  }
  const told = groups
    .slice(1)
    .map(fateIn)
    .filter((found) => found !== undefined);
  const worst = told.find(({ what }) => what === 'bounced') ?? told[0];
  return worst && { id, ...worst };
}

async function partsOf(message: Buffer): Promise<readonly Attachment[]> {
  try {
    const { attachments } = await PostalMime.parse(message, {
      forceRfc822Attachments: true,
      maxNestingDepth: MAX_NESTING,
      maxHeadersSize: MAX_HEADERS,
    });
    return attachments;
  } catch {
    // Anybody can write to the address that reports come to.
    return [];
  }
}

function textOf(parts: readonly Attachment[], type: string): string | undefined {
  const content = parts.find(({ mimeType }) => mimeType === type)?.content;
  if (content === undefined || typeof content === 'string') return content;
  return Buffer.from(content as Uint8Array).toString('latin1');
}

/** The id is ours alone: as the envelope's, else in the headers of the mail that is sent back. */
function idOf(envelope: Fields | undefined, parts: readonly Attachment[]): string | undefined {
  const original =
    textOf(parts, 'message/rfc822') ??
    textOf(parts, 'text/rfc822-headers') ??
    textOf(parts, 'message/rfc822-headers') ??
    '';
  const headers = groupsOf(original)[0];
  return (
    envelope?.get('original-envelope-id') ??
    headers?.get('message-id') ??
    headers?.get('x-entity-ref-id')
  );
}

function fateIn(recipient: Fields): Omit<TakenReport, 'id'> | undefined {
  const action = recipient.get('action')?.toLowerCase();
  const status = MAIL_STATUS.exec(recipient.get('status') ?? '')?.[0] ?? null;
  if (action === 'delayed') return { what: 'delayed', status };
  // Given up after days of trying (4.4.7) is no word about the address, but about this mail it is.
  return action === 'failed' ? { what: 'bounced', status } : undefined;
}

/** Groups of fields with an empty line between them, each name in lower case, its first value. */
function groupsOf(text: string): readonly Fields[] {
  const groups = text
    .replace(/\r\n?/g, '\n')
    .trim()
    .split(/\n[ \t]*\n/);
  return groups.map((group) => {
    const fields = new Map<string, string>();
    for (const line of group.replace(/\n[ \t]+/g, ' ').split('\n')) {
      const at = line.indexOf(':');
      const name = line.slice(0, Math.max(0, at)).trim().toLowerCase();
      if (name !== '' && !fields.has(name)) fields.set(name, line.slice(at + 1).trim());
    }
    return fields;
  });
}
