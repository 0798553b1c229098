// Owns leaving for another place and coming back from it: what is remembered, and what an identity
// proven there is worth here.

import { createHash, randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { type Connection, coversDomain, idpOf } from '../domain/identity-provider.ts';
import type { TenantIndex } from '../domain/tenant.ts';
import type { FederatedIdentity, UpstreamFault } from '../federation/identity.ts';
import type { Upstreams } from '../federation/upstreams.ts';
import type { Directory } from '../guests/directory.ts';
import type { Sealer } from '../settings/sealer.ts';
import type { SignInStore, JourneyStore, UpstreamJourney } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Proof } from './completion.ts';
import { decidedOf } from './doors.ts';
import type { Visit } from './visit.ts';

/** What came of leaving. */
export type Departure =
  | { readonly outcome: 'left'; readonly to: string }
  | { readonly outcome: 'stays'; readonly code: ErrorCode };

/** An answer of an upstream, as the HTTP room read it. */
export interface Arrival {
  readonly connection: string;
  readonly callbackUrl: string;
  readonly parameters: URLSearchParams;
  /** Tenant of the issuer, or undefined where one issuer serves all. */
  readonly tenant: string | undefined;
  /** Digest of the browser, undefined when it has no cookie; null for a cross-site POST, which never
   *  carries one: the page it is led to looks at the browser then. */
  readonly browser: string | undefined | null;
}

/** Where an answer leads: to the sign-in it belongs to, or to nothing. */
export type Reception =
  | { readonly outcome: 'received'; readonly uid: string; readonly proven: boolean }
  | { readonly outcome: 'expired' };

export interface UpstreamSteps {
  /** @param address who is expected; null where the place is asked who comes (R20) */
  leave(
    visit: Visit,
    connection: Connection,
    expected: {
      readonly address: EmailAddress | null;
      readonly hint: string | null;
      create: boolean;
    },
  ): Promise<Departure>;
  receive(arrival: Arrival): Promise<Reception>;
}

export interface UpstreamStepsDeps {
  readonly upstreams: Upstreams;
  readonly journeys: JourneyStore;
  readonly signIns: SignInStore;
  readonly directory: Pick<Directory, 'findBySubject'>;
  readonly tenants: () => TenantIndex;
  readonly sealer: Sealer;
  readonly clock: Clock;
  readonly log: Log;
}

const FAULT_CODES: Readonly<Record<UpstreamFault, ErrorCode>> = {
  cancelled: 'upstream_cancelled',
  unreachable: 'upstream_unreachable',
  refused: 'upstream_refused',
  address_missing: 'upstream_address_missing',
  address_unverified: 'upstream_address_unverified',
  untrusted: 'upstream_untrusted',
};

/** Why the engine asks for a sign-in although there may be a session: somebody wants a new proof. */
const AGAIN: readonly string[] = ['login_prompt', 'max_age'];

/** @source rules R48, R50, R52; S45, S50 to S52 */
export function createUpstreamSteps(deps: UpstreamStepsDeps): UpstreamSteps {
  const { upstreams, journeys, signIns, directory, sealer, clock, log } = deps;
  return { leave, receive };

  async function leave(
    visit: Visit,
    connection: Connection,
    expected: Parameters<UpstreamSteps['leave']>[2],
  ): Promise<Departure> {
    const about = { tenant: visit.tenant.id, client: visit.client.id, connection: connection.id };
    const proven = await upstreams.isProven(connection, expected.address?.domain ?? null);
    if (proven !== 'proven') {
      log.error('upstream.unproven', { ...about, proof: proven });
      const code = proven === 'missing' ? 'federation_unproven' : 'upstream_unreachable';
      return { outcome: 'stays', code };
    }
    const state = randomBytes(32).toString('base64url');
    const started = await upstreams.of(connection).start({
      state,
      callbackUrl: `${visit.pagesUrl}/federation/${connection.id}/callback`,
      loginHint: expected.hint,
      create: expected.create,
      // Whoever is signed in at Google already must pick the account that was invited (R48).
      selectAccount: connection.method === 'google',
      reauthenticate: visit.interaction.prompt.reasons.some((reason) => AGAIN.includes(reason)),
    });
    if ('unreachable' in started) {
      log.warn('upstream.unreachable', { ...about, detail: started.unreachable });
      return { outcome: 'stays', code: 'upstream_unreachable' };
    }
    const id = digestOf(state);
    await journeys.insert({
      tenant: visit.tenant.id,
      id,
      uid: visit.uid,
      browser: visit.browser,
      connection: connection.id,
      memory: sealer.seal(JSON.stringify(started.memory), id),
      expiresAt: visit.interaction.exp,
    });
    log.info('upstream.left', about);
    return { outcome: 'left', to: started.location };
  }

  async function receive(arrival: Arrival): Promise<Reception> {
    const state = arrival.parameters.get('state') ?? arrival.parameters.get('RelayState');
    const journey = state ? await journeys.take(digestOf(state), clock()) : undefined;
    const connection = journey && connectionOf(journey, arrival);
    if (!journey || !connection) {
      log.warn('upstream.refused', {
        audit: true,
        connection: arrival.connection,
        fault: 'replayed',
      });
      return { outcome: 'expired' };
    }
    const { tenant, uid } = journey;
    const { callbackUrl, parameters } = arrival;
    const memory = JSON.parse(sealer.open(journey.memory, journey.id).toString()) as Record<
      string,
      string
    >;
    const finished = await upstreams.of(connection).finish({ callbackUrl, parameters }, memory);
    const wrong =
      finished.outcome === 'fault'
        ? { code: FAULT_CODES[finished.fault], params: {}, detail: finished.detail }
        : await prove(journey, connection, finished.identity);
    if (!wrong) return { outcome: 'received', uid, proven: true };
    const { code, params, detail } = wrong;
    log.warn('upstream.refused', {
      audit: code !== 'upstream_cancelled',
      tenant,
      connection: connection.id,
      errorCode: code,
      detail,
    });
    const problem = { code, params: { place: connection.displayName, ...params } };
    await signIns.setNotice(tenant, uid, JSON.stringify({ problem }));
    return { outcome: 'received', uid, proven: false };
  }

  /** The journey's own connection, in its own tenant and browser; anything else is a mix-up (S52). */
  function connectionOf(journey: UpstreamJourney, arrival: Arrival): Connection | undefined {
    const isHere = arrival.tenant === undefined || arrival.tenant === journey.tenant;
    const isBrowser = arrival.browser === null || arrival.browser === journey.browser;
    if (!isHere || !isBrowser || arrival.connection !== journey.connection) return undefined;
    const tenant = deps.tenants().byId.get(journey.tenant);
    const connection = tenant?.connections?.find(({ id }) => id === journey.connection);
    // Only SAML answers by POST: for anything else it is a way around the browser's cookie.
    const isPost = arrival.browser === null;
    return connection && isPost === (connection.upstream.protocol === 'saml')
      ? connection
      : undefined;
  }

  async function prove(
    journey: UpstreamJourney,
    connection: Connection,
    asserted: FederatedIdentity,
  ): Promise<{ code: ErrorCode; params: object; detail: string } | undefined> {
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
      await signIns.chooseAddress({
        tenant,
        uid,
        browser,
        decision: null,
        expiresAt: journey.expiresAt,
        address: address.address,
        addressKey: address.key,
      });
    } else if (!(await isExpected(connection, signIn, proof, address))) {
      const params = { asserted: address.address, address: signIn.address };
      return { code: 'upstream_address_other', params, detail: 'another account than expected' };
    }
    await signIns.markProven(tenant, uid, browser, JSON.stringify(proof), clock());
    return undefined;
  }

  async function isExpected(
    connection: Connection,
    signIn: NonNullable<Awaited<ReturnType<SignInStore['find']>>>,
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
