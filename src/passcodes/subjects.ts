// Owns the names budgets are kept under: no address stands in clear beside a counter.

import { createSecretKey } from 'node:crypto';
import type { BudgetSubjects } from '../domain/budget.ts';
import { networkOf } from '../domain/network.ts';
import { keyedDigest } from '../settings/keyed-digest.ts';

/** Names the subjects of one request. */
export type NameSubjects = (request: {
  readonly tenant: string;
  readonly addressKey: string;
  /** Textual client address. */
  readonly clientAddress: string;
  /** What tells one known browser of the address from another; undefined for every other one. */
  readonly knownBrowser?: string | undefined;
}) => BudgetSubjects;

/** @param key at least 32 bytes; the same on every node, or budgets would not be shared */
export function createSubjects(key: Buffer): NameSubjects {
  const secret = createSecretKey(key);
  const name = (...parts: readonly string[]): string =>
    keyedDigest(secret, parts).toString('base64url');
  return ({ tenant, addressKey, clientAddress, knownBrowser }) => ({
    address: name('address', tenant, addressKey),
    mailbox: name('mailbox', addressKey),
    network: name('network', networkOf(clientAddress)),
    tenant,
    // Tenant and address are part of it: what is spent under one of them is spent nowhere else.
    ...(knownBrowser !== undefined && {
      knownBrowser: name('known-browser', tenant, addressKey, knownBrowser),
    }),
  });
}
