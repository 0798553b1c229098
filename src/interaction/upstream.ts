// Owns leaving for another place and coming back from it: what is remembered, and what an identity
// proven there is worth here.

import { createHash, randomBytes } from 'node:crypto';
import type { EmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Connection } from '../domain/identity-provider.ts';
import type { TenantIndex } from '../domain/tenant.ts';
import type { FederatedIdentity, UpstreamFault } from '../federation/identity.ts';
import type { Upstreams } from '../federation/upstreams.ts';
import type { Sealer } from '../settings/sealer.ts';
import type { JourneyStore, UpstreamJourney } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import { createProve, type ProveDeps } from './upstream-proof.ts';
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
  /** A good answer that came without the browser's cookie: it counts when this name is brought back
   *  with one, as the parameter `held`. */
  | { readonly outcome: 'held'; readonly held: string }
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
      /** Whether another account came back before: the session there would only answer the same. */
      again: boolean;
    },
  ): Promise<Departure>;
  receive(arrival: Arrival): Promise<Reception>;
}

export interface UpstreamStepsDeps extends ProveDeps {
  readonly upstreams: Upstreams;
  readonly journeys: JourneyStore;
  readonly tenants: () => TenantIndex;
  readonly sealer: Sealer;
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
  const { upstreams, journeys, signIns, sealer, clock, log } = deps;
  const prove = createProve(deps);
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
      locale: visit.locale,
      create: expected.create,
      // Whoever is signed in at Google already must pick the account that was invited (R48).
      selectAccount: connection.method === 'google',
      reauthenticate:
        expected.again || visit.interaction.prompt.reasons.some((reason) => AGAIN.includes(reason)),
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
    const given = ['held', 'state', 'RelayState'].map((name) => arrival.parameters.get(name));
    const state = given.find((value) => value !== null);
    const journey = state ? await journeys.take(digestOf(state), clock()) : undefined;
    const connection = journey && connectionOf(journey, arrival);
    if (!journey || !connection) {
      log.warn('upstream.refused', {
        audit: true,
        connection: arrival.connection,
        errorCode: 'interaction_expired',
        detail: 'no journey of this browser and connection',
      });
      return { outcome: 'expired' };
    }
    const { tenant, uid } = journey;
    const { callbackUrl, parameters } = arrival;
    const memory = JSON.parse(sealer.open(journey.memory, journey.id).toString()) as Record<
      string,
      string
    >;
    const held = memory['held'];
    // Only a name that was given out here may come by GET in the place of an answer.
    if (parameters.has('held') && held === undefined) return { outcome: 'expired' };
    const finished =
      held === undefined
        ? await upstreams.of(connection).finish({ callbackUrl, parameters }, memory)
        : ({ outcome: 'identity', identity: JSON.parse(held) as FederatedIdentity } as const);
    if (finished.outcome === 'identity' && arrival.browser === null) {
      return { outcome: 'held', held: await hold(journey, finished.identity) };
    }
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

  /**
   * Keeps an identity until the browser comes with its cookie. Without it whoever began a sign-in
   * could have somebody else finish it unawares, and would be signed in as them (S24).
   */
  async function hold(journey: UpstreamJourney, identity: FederatedIdentity): Promise<string> {
    const name = randomBytes(32).toString('base64url');
    const id = digestOf(name);
    const memory = sealer.seal(JSON.stringify({ held: JSON.stringify(identity) }), id);
    await journeys.insert({ ...journey, id, memory });
    return name;
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
    const comesByPost = connection?.upstream.protocol === 'saml' && !arrival.parameters.has('held');
    return connection && isPost === comesByPost ? connection : undefined;
  }
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
