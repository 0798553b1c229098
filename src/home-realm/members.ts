// Owns the question whether an address has an account at a connection, and what the account is called.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { type Connection, coversDomain } from '../domain/identity-provider.ts';
import type { OutboundFetch } from '../outbound/fetch.ts';

/** What a place says of an address. */
export type Membership =
  | { readonly match: 'none' }
  | { readonly match: 'unknown' }
  | {
      /** Whether the address is the name the account signs in by, or another of its addresses. */
      readonly match: 'userPrincipalName' | 'alias';
      /** Match key of that name; null when it is not one the connection may speak for. */
      readonly userPrincipalName: string | null;
      /** Match keys of the account's other addresses, within the connection's domains. */
      readonly aliases: readonly string[];
    };

// Every alias is a search for a guest: a directory must not make one sign-in cost thousands.
const MAX_ALIASES = 20;

/**
 * Asks a connection for the account of an address: by its domain, in its file, or over HTTP. Names
 * outside the connection's domains are dropped, whoever says them (S50).
 *
 * @returns `unknown` when the place could not be asked, or answered anything but yes or no
 * @throws never
 * @source rules R9, R46, R57
 */
export async function askMembership(
  connection: Connection,
  address: EmailAddress,
  fetch: OutboundFetch,
): Promise<Membership> {
  const { members } = connection;
  if (members.by === 'domain') {
    return { match: 'userPrincipalName', userPrincipalName: address.key, aliases: [] };
  }
  if (members.by === 'accounts') {
    const account = members.accounts.get(address.key);
    return account ? accountOf(connection, address, account) : { match: 'none' };
  }
  const answer = await lookUp(members, address, fetch);
  return answer === 'none' || answer === 'unknown'
    ? { match: answer }
    : accountOf(connection, address, answer);
}

interface Account {
  readonly userPrincipalName: string;
  readonly aliases: readonly string[];
}

function accountOf(connection: Connection, address: EmailAddress, account: Account): Membership {
  const name = keyWithin(connection, account.userPrincipalName);
  const aliases = account.aliases
    .slice(0, MAX_ALIASES)
    .map((alias) => keyWithin(connection, alias))
    .filter((key) => key !== undefined);
  return {
    match: name === address.key ? 'userPrincipalName' : 'alias',
    userPrincipalName: name ?? null,
    aliases,
  };
}

/** The match key of a name, if the connection may speak for its domain. */
function keyWithin(connection: Connection, name: string): string | undefined {
  const address = parseEmailAddress(name);
  return address && coversDomain(connection, address.domain) ? address.key : undefined;
}

async function lookUp(
  place: { readonly url: string; readonly token: string },
  address: EmailAddress,
  fetch: OutboundFetch,
): Promise<Account | 'none' | 'unknown'> {
  const url = new URL(place.url);
  url.searchParams.set('address', address.address);
  const headers = { authorization: `Bearer ${place.token}`, accept: 'application/json' };
  const answer = await fetch(url.href, { headers }).catch(() => undefined);
  if (answer?.status === 404) return 'none';
  return answer?.status === 200 ? readAnswer(answer.text, address) : 'unknown';
}

function readAnswer(text: string, address: EmailAddress): Account | 'none' | 'unknown' {
  const answer = parseObject(text);
  if (answer?.['member'] === false) return 'none';
  // Only an explicit yes counts: a place that answers every question with some JSON knows nobody.
  if (answer?.['member'] !== true) return 'unknown';
  const { userPrincipalName = address.key, aliases = [] } = answer;
  if (typeof userPrincipalName !== 'string' || !isTexts(aliases)) return 'unknown';
  return { userPrincipalName, aliases };
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null
      ? (value as Readonly<Record<string, unknown>>)
      : undefined;
  } catch {
    return undefined;
  }
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}
