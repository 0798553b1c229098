// Owns what one entry of the audit trail is, and how a line of the log becomes one (S64, S65).

import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { maskEmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { cleanFields, type LogFields } from './log.ts';

/** One thing that happened. Nothing in it is a code, a token, a secret or a whole address. */
export interface AuditEntry {
  /** 22 base64url characters, unique: an entry that is written twice is there once. */
  readonly id: string;
  /** Epoch seconds. */
  readonly at: number;
  /** Tenant id, or null where the request named none. */
  readonly tenant: string | null;
  /** Dotted name of the line in the log, e.g. `sign-in.finish`; at most 80 ASCII characters. */
  readonly event: string;
  /** Who did it to somebody: an address (masked), a program, or `guest`; null for the guest's own steps. */
  readonly actor: string | null;
  /** Id of the guest, their `sub`. */
  readonly subject: string | null;
  readonly client: string | null;
  readonly outcome: string | null;
  /** Row of the decision table, and the rule it stands on. */
  readonly row: string | null;
  readonly rule: string | null;
  readonly errorCode: string | null;
  /** What people read on the page of the same moment. */
  readonly reference: string | null;
  /** The address, masked. */
  readonly address: string | null;
  /** What {@link AddressHash} makes of the address. */
  readonly addressHash: string | null;
  /** Client network without its end. */
  readonly network: string | null;
  /** Everything else the line said, cleaned as the log is. */
  readonly detail: LogFields;
}

/** Names an address as the trail does: HMAC-SHA-256 of its match key, base64url. */
export type AddressHash = (addressKey: string) => string;

/** What the key of {@link createAddressHash} is derived for. */
export const AUDIT_ADDRESS = 'audit-address';

/** @param key 32 bytes or more; the same on every node, or nobody could look an address up */
export function createAddressHash(key: Buffer): AddressHash {
  const secret = createSecretKey(key);
  return (addressKey) => createHmac('sha256', secret).update(addressKey).digest('base64url');
}

const MOST_DETAIL = 8000;
const MOST_TEXT = 500;

/**
 * Makes an entry of a line's event and fields, which are not cleaned yet.
 *
 * @param at epoch seconds
 * @source S64, S65
 */
export function auditEntry(
  event: string,
  fields: LogFields,
  hash: AddressHash,
  at: number,
): AuditEntry {
  const raw = fields['address'];
  const parsed = typeof raw === 'string' ? parseEmailAddress(raw) : undefined;
  const left = new Map(Object.entries(cleanFields(fields)));
  left.delete('audit');
  left.delete('address');
  const take = (name: string): string | null => {
    const value = left.get(name);
    if (typeof value !== 'string') {
      // A name nobody filled is not a detail either.
      if (value === null || value === undefined) left.delete(name);
      return null;
    }
    left.delete(name);
    return value.slice(0, MOST_TEXT);
  };
  return {
    id: randomBytes(16).toString('base64url'),
    at,
    tenant: asKey(take('tenant'), 63),
    event: asKey(event, 80) ?? 'unnamed',
    actor: take('actor'),
    subject: asKey(take('subject'), 64),
    client: take('client'),
    outcome: take('outcome'),
    row: take('row'),
    rule: take('rule'),
    errorCode: take('errorCode') ?? take('refusal'),
    reference: take('reference'),
    address: parsed ? maskEmailAddress(parsed.address) : null,
    addressHash: parsed ? hash(parsed.key) : null,
    network: take('network'),
    detail: bounded(Object.fromEntries(left)),
  };
}

/** Keys are ASCII in the database: one odd name would take its whole batch with it. */
function asKey(text: string | null, most: number): string | null {
  return text !== null && text.length <= most && /^[\x21-\x7e]+$/.test(text) ? text : null;
}

function bounded(detail: LogFields): LogFields {
  return JSON.stringify(detail).length > MOST_DETAIL ? { cut: true } : detail;
}
