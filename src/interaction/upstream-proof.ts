// Owns what an identity proven at another place is worth here: whose it is, and what it is kept as.

import { createHash } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { type Connection, coversDomain, idpOf } from '../domain/identity-provider.ts';
import type { FederatedIdentity } from '../federation/identity.ts';
import type { Directory } from '../guests/directory.ts';
import type { SignIn, SignInStore, UpstreamJourney } from '../storage/store.ts';
import { decidedOf } from './doors.ts';
import type { Proof } from './proof.ts';

export interface ProveDeps {
  readonly signIns: SignInStore;
  readonly directory: Pick<Directory, 'findBySubject'>;
  readonly clock: Clock;
}

/** Why an identity does not prove this sign-in. */
export interface Disproof {
  readonly code: ErrorCode;
  readonly params: Readonly<Record<string, string>>;
  readonly detail: string;
}

/** Marks a sign-in proven by an identity. @returns why not, or undefined when it is */
export type Prove = (
  journey: UpstreamJourney,
  connection: Connection,
  asserted: FederatedIdentity,
) => Promise<Disproof | undefined>;

/** @source rules R48, R52, R57, R58, R78; S50, S51 */
export function createProve({ signIns, directory, clock }: ProveDeps): Prove {
  return async function prove(
    journey: UpstreamJourney,
    connection: Connection,
    asserted: FederatedIdentity,
  ): Promise<Disproof | undefined> {
    const { tenant, uid, browser } = journey;
    const { address } = asserted;
    if (!coversDomain(connection, address.domain)) {
      const detail = 'asserts an address of a domain that is not its own';
      return { code: 'upstream_address_foreign', params: {}, detail };
    }
    const proof: Proof = {
      method: connection.method,
      connection: connection.id,
      identity: identityOf(connection.id, asserted),
      idp: idpOf(connection.method, asserted.issuer),
      displayName: asserted.displayName,
    };
    const signIn = await signIns.find(tenant, uid);
    if (!signIn) return { code: 'interaction_expired', params: {}, detail: 'no such sign-in' };
    if (signIn.addressKey === '') {
      // Nobody was expected: whether this is the guest's door is decided once the address is known.
      await signIns.chooseAddress({
        tenant,
        uid,
        browser,
        decision: JSON.stringify({ held: proof }),
        expiresAt: journey.expiresAt,
        address: address.address,
        addressKey: address.key,
      });
      return undefined;
    }
    if (!(await isExpected(connection, signIn, proof, address))) {
      const params = { asserted: address.address, address: signIn.address };
      return { code: 'upstream_address_other', params, detail: 'another account than expected' };
    }
    const proven = { tenant, uid, browser, addressKey: signIn.addressKey };
    if (await signIns.markProven(proven, JSON.stringify(proof), clock())) return undefined;
    const found = await signIns.find(tenant, uid);
    // Proven already is well; an address changed meanwhile is not what was proven (S51).
    return found && found.verifiedAt !== null
      ? undefined
      : { code: 'interaction_expired', params: {}, detail: 'the address has changed meanwhile' };
  };

  async function isExpected(
    connection: Connection,
    signIn: SignIn,
    proof: Proof,
    address: EmailAddress,
  ): Promise<boolean> {
    const decided = decidedOf(signIn);
    const guest =
      decided?.guest == null
        ? undefined
        : await directory.findBySubject(signIn.tenant, decided.guest);
    // The account the guest is bound to, under whatever address it goes by today (R78).
    if (guest?.identity && guest.identity === proof.identity) return true;
    const expected = [signIn.addressKey, decided?.door?.userPrincipalName, guest?.addressKey];
    return expected.some((key) => key != null && isSameMailbox(connection, key, address.key));
  }
}

/** The link key of an account: two places, or two issuers of one, never share an identity (S50). */
export function identityOf(
  connection: string,
  { issuer, subject }: Pick<FederatedIdentity, 'issuer' | 'subject'>,
): string {
  return digestOf(JSON.stringify([connection, issuer, subject]));
}

/** Google has one mailbox under two domains, and asserts whichever it likes (R48). */
function isSameMailbox(connection: Connection, key: string, other: string): boolean {
  const fold = (text: string): string =>
    connection.method === 'google' ? text.replace(/@googlemail\.com$/, '@gmail.com') : text;
  return parseEmailAddress(key) !== undefined && fold(key) === fold(other);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
