// Owns the class oidc-provider stores through. The store decides races; this class says what losing
// one means in OAuth's words.

import { createHash } from 'node:crypto';
import { errors, Provider, type Adapter, type AdapterPayload } from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import type { OidcRecord, OidcStore, SessionStore } from '../storage/store.ts';
import type { BrowserBinding } from './cookies.ts';
import type { Gathered, GatheredWrites } from './gathered-writes.ts';
import type { PromptBinding } from './policy.ts';

/** @param namespace the tenant id, or the host's own name for its issuer: part of every key (S33) */
export function createAdapterFactory(deps: {
  readonly store: OidcStore;
  /** Where sessions are saved; not needed to read tokens. */
  readonly sessions?: Pick<SessionStore, 'isEnded'>;
  readonly namespace: string;
  readonly clock: Clock;
  readonly browser: BrowserBinding;
  /** Where writes may wait for those after them; default each is written by itself. */
  readonly gathered?: Pick<GatheredWrites, 'of'>;
}): (model: string) => Adapter {
  return (model) => new StoreAdapter(deps, model);
}

/** Models whose rows are removed with their grant. An Interaction names a grant but outlives it. */
const REVOCABLE: ReadonlySet<string> = new Set([
  'AccessToken',
  'AuthorizationCode',
  'RefreshToken',
  'DeviceCode',
  'BackchannelAuthenticationRequest',
]);

/**
 * Routes that write several records and end with the session. At any other a record may be what the
 * next line of the engine relies on.
 */
const GATHERING: ReadonlySet<string> = new Set(['authorization', 'resume']);
/**
 * Nobody has heard of them until the answer has left. An Interaction is destroyed at once: another
 * resume of it would make a second session in the meantime.
 */
const GATHERED: ReadonlySet<string> = new Set(['Grant', 'AuthorizationCode', 'Session']);

class StoreAdapter implements Adapter {
  readonly #store: OidcStore;
  readonly #sessions: Pick<SessionStore, 'isEnded'> | undefined;
  readonly #namespace: string;
  readonly #clock: Clock;
  readonly #browser: BrowserBinding;
  readonly #gathered: Pick<GatheredWrites, 'of'> | undefined;
  readonly #model: string;

  constructor(deps: Parameters<typeof createAdapterFactory>[0], model: string) {
    this.#store = deps.store;
    this.#sessions = deps.sessions;
    this.#namespace = deps.namespace;
    this.#clock = deps.clock;
    this.#browser = deps.browser;
    this.#gathered = deps.gathered;
    this.#model = model;
  }

  async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
    // The id is the bearer secret: it is kept only as its digest, so it leaves the payload too.
    const { jti: _jti, ...rest } = payload;
    const kept = rest.session === undefined ? rest : { ...rest, session: withoutId(rest.session) };
    const record = {
      tenant: this.#namespace,
      model: this.#model,
      id: digestOf(id),
      payload: kept,
      grantId: REVOCABLE.has(this.#model) ? (payload.grantId ?? null) : null,
      uid: this.#model === 'Session' ? (payload.uid ?? null) : null,
      userCode: payload.userCode ?? null,
      expiresAt: expiresIn ? this.#clock() + expiresIn : null,
    };
    if (this.#model !== 'ReplayDetection') {
      await this.#save(record);
      if (record.uid !== null && payload.accountId !== undefined) await this.#leaveEnded(record);
      return;
    }
    // The engine looks before it writes; two replays at once would both find nothing (S44).
    if (!(await this.#store.insert(record))) throw replayError();
  }

  async #save(record: Omit<OidcRecord, 'consumedAt'>): Promise<void> {
    const gathered = this.#gathering();
    if (!gathered || !GATHERED.has(this.#model)) {
      await this.#store.upsert(record);
      return;
    }
    gathered.save(record);
    // The engine saves it last, where a store that is out of reach still gets a page of its own.
    if (this.#model === 'Session') await gathered.write(this.#store);
  }

  #gathering(): Gathered | undefined {
    const ctx = Provider.ctx;
    return ctx && GATHERING.has(ctx.oidc.route) ? this.#gathered?.of(ctx) : undefined;
  }

  /** Before the engine looks for what it has just saved or destroyed. */
  async #writeGathered(id?: string): Promise<void> {
    const gathered = this.#gathering();
    if (gathered?.holds(this.#model, id)) await gathered.write(this.#store);
  }

  /**
   * A request that had read its session before the guest ended it saves it once more. Looked at
   * afterwards: whichever came first, the mark or the record, one of the two sees the other.
   */
  async #leaveEnded({ uid, id }: Pick<OidcRecord, 'uid' | 'id'>): Promise<void> {
    if (uid === null || isMadeHere(uid)) return;
    if (!(await this.#sessions?.isEnded(this.#namespace, uid))) return;
    await this.#store.destroy(this.#namespace, this.#model, id);
  }

  async find(id: string): Promise<AdapterPayload | undefined> {
    await this.#writeGathered(digestOf(id));
    const record = await this.#store.find(this.#namespace, this.#model, digestOf(id));
    return record && this.#isForeign(record) ? undefined : this.#payload(record, id);
  }

  /**
   * Lets only the browser that began a sign-in take its end. The engine's cookie for that holds the
   * uid, which stands in URLs; whoever saw one could wait for the guest to finish and collect the
   * code (S24). Here, because nothing is signed in yet when the engine looks.
   */
  #isForeign(record: OidcRecord): boolean {
    const ctx = Provider.ctx;
    if (this.#model !== 'Interaction' || ctx?.oidc.route !== 'resume') return false;
    const { details } = record.payload['prompt'] as { details?: Partial<PromptBinding> };
    return details?.browser === undefined || details.browser !== this.#browser.read(ctx);
  }

  async findByUid(uid: string): Promise<AdapterPayload | undefined> {
    await this.#writeGathered();
    return this.#payload(await this.#store.findByUid(this.#namespace, this.#model, uid));
  }

  async findByUserCode(userCode: string): Promise<AdapterPayload | undefined> {
    await this.#writeGathered();
    return this.#payload(await this.#store.findByUserCode(this.#namespace, this.#model, userCode));
  }

  async consume(id: string): Promise<void> {
    await this.#writeGathered();
    const key = digestOf(id);
    if (await this.#store.consume(this.#namespace, this.#model, key, this.#clock())) return;
    // The engine read "not consumed" and lost the race: the same as a replay, so the grant and
    // every token made from it die (RFC 6749 section 4.1.2).
    const record = await this.#store.find(this.#namespace, this.#model, key);
    if (record?.grantId) {
      await this.#store.destroyByGrant(this.#namespace, record.grantId);
      await this.#store.destroy(this.#namespace, 'Grant', digestOf(record.grantId));
      const ctx = Provider.ctx;
      ctx?.oidc.provider.emit('grant.revoked', ctx, record.grantId);
    }
    if (this.#model === 'PushedAuthorizationRequest') {
      throw new errors.InvalidRequestUri('request_uri was used already');
    }
    throw new errors.InvalidGrant('it was used already');
  }

  async destroy(id: string): Promise<void> {
    const record = { tenant: this.#namespace, model: this.#model, id: digestOf(id) };
    const gathered = this.#gathering();
    await this.#writeGathered(record.id);
    if (gathered && GATHERED.has(this.#model)) return gathered.destroy(record);
    const isDone = await this.#store.destroy(record.tenant, record.model, record.id);
    // Two that resumed at once have both found it: only one may make a session of the proof (S6).
    if (!isDone && this.#model === 'Interaction' && Provider.ctx?.oidc.route === 'resume') {
      throw new errors.SessionNotFound('it was resumed already');
    }
  }

  async revokeByGrantId(grantId: string): Promise<void> {
    await this.#gathering()?.write(this.#store);
    await this.#store.destroyByGrant(this.#namespace, grantId, this.#model);
  }

  #payload(record: OidcRecord | undefined, id?: string): AdapterPayload | undefined {
    if (!record) return undefined;
    // A session is over at its deadline, whatever the engine's clock tolerance says (S28).
    if (
      this.#model === 'Session' &&
      record.expiresAt !== null &&
      this.#clock() >= record.expiresAt
    ) {
      return undefined;
    }
    return {
      ...record.payload,
      ...(id === undefined ? {} : { jti: id }),
      ...(record.consumedAt === null ? {} : { consumed: record.consumedAt }),
    };
  }
}

/** An Interaction carries the id of the session it met, which is the browser's cookie; nobody reads it. */
function withoutId(session: NonNullable<AdapterPayload['session']>) {
  const { cookie: _cookie, ...kept } = session;
  return kept;
}

/** Whether this request made the session up: nobody can have ended what nobody has seen. */
function isMadeHere(uid: string): boolean {
  const session = Provider.ctx?.oidc.session as
    { readonly uid?: string; readonly new?: boolean } | undefined;
  return session?.new === true && session.uid === uid;
}

function replayError(): Error {
  const request = Provider.ctx?.req;
  return request?.headers['dpop']
    ? new errors.InvalidDpopProof('DPoP proof JWT Replay detected')
    : new errors.InvalidClientAuth('client assertion tokens must only be used once');
}

/** What a record of the engine is kept under: its id is a bearer secret. */
export function digestOf(id: string): string {
  return createHash('sha256').update(id).digest('base64url');
}
