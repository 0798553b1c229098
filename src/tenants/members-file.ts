// Owns the file that says who has an account: one account a line, its name first, then its aliases.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { Connection, DirectoryAccount } from '../domain/identity-provider.ts';
import { coversDomain } from '../domain/identity-provider.ts';
import type { ConfigurationFault } from '../settings/fault.ts';

/** Accounts by match key of name and of every alias, or everything wrong with the file. */
export interface MembersReading {
  readonly accounts: ReadonlyMap<string, DirectoryAccount>;
  /** At most 20; the last one then says that reading stopped. */
  readonly faults: readonly ConfigurationFault[];
}

const MOST_FAULTS = 20;

/**
 * Reads `user@contoso.com alias@contoso.com …` per line, parted by spaces or commas; `#` begins a
 * comment at the start of a line or after a space. Pure.
 *
 * @param name how faults call the file
 * @param domains every address must be of one of these; `any` for accounts of any domain
 * @source rules R46, R58; security requirement S50
 */
export function parseMembers(
  text: string,
  name: string,
  domains: Connection['domains'],
): MembersReading {
  const accounts = new Map<string, DirectoryAccount>();
  const lines = new Map<string, number>();
  const faults: ConfigurationFault[] = [];
  for (const [index, written] of text.split('\n').entries()) {
    const line = index + 1;
    const found: EmailAddress[] = [];
    for (const { 0: word, index: at } of withoutComment(written).matchAll(/[^\s,]+/g)) {
      const address = parseEmailAddress(word);
      const fault = findFault(address, domains, lines, line);
      if (fault) {
        const [message, mend] = fault;
        faults.push({ file: name, line, column: at + 1, path: '', message, mend });
      } else if (address) {
        found.push(address);
        lines.set(address.key, line);
      }
    }
    if (faults.length >= MOST_FAULTS) return { accounts, faults: cut(faults) };
    addAccount(accounts, found);
  }
  return { accounts, faults };
}

function addAccount(
  accounts: Map<string, DirectoryAccount>,
  [first, ...others]: readonly EmailAddress[],
): void {
  if (!first) return;
  const keys = new Set(others.map(({ key }) => key));
  keys.delete(first.key);
  const aliases = Object.freeze([...keys]);
  const account = Object.freeze({ userPrincipalName: first.key, aliases });
  for (const key of [first.key, ...aliases]) accounts.set(key, account);
}

// An address may hold a #, so a comment has a space before it.
function withoutComment(line: string): string {
  return line.replace(/(?:^|[\s,])#[^]*$/, '');
}

function findFault(
  address: EmailAddress | undefined,
  domains: Connection['domains'],
  lines: ReadonlyMap<string, number>,
  line: number,
): [message: string, mend: string] | undefined {
  // Never repeated back: whoever names the wrong file here may have named one with secrets.
  if (!address) return ['not an e-mail address', 'write one account a line; # begins a comment'];
  // A directory that spoke for other domains could take over guests of everybody else.
  if (!coversDomain({ domains }, address.domain)) {
    return ["an address outside the connection's domains", 'add the domain, or take it out'];
  }
  const taken = lines.get(address.key);
  if (taken === undefined || taken === line) return undefined;
  return [`a second account with the address of line ${taken}`, 'remove one of the two'];
}

function cut(faults: readonly ConfigurationFault[]): readonly ConfigurationFault[] {
  const kept = faults.slice(0, MOST_FAULTS);
  const last = kept.at(-1)!;
  return [...kept, { ...last, message: 'not read any further', mend: 'mend these first' }];
}
