// Owns where a guest is signed in: what is noted of a sign-in, shown of it, and ended of it.

import { errors, type KoaContextWithOIDC } from 'oidc-provider';
import type Provider from 'oidc-provider';
import type { BrowserName } from '../domain/browser-name.ts';
import type { Clock } from '../domain/clock.ts';
import type { Guest, GuestSession, LiveSession, OidcRecord, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import { digestOf } from './adapter.ts';

/** What a session was used for, as the engine keeps it: by client id. */
export type Authorizations = Readonly<
  Record<string, { readonly sid?: string | undefined; readonly grantId?: string | undefined }>
>;

/** One browser in which a guest is signed in. */
export interface OpenSession extends Omit<LiveSession, 'payload'> {
  readonly authorizations: Authorizations;
}

/** Whose session it is; `tenant` is the namespace of the issuer. */
export type Owner = Pick<Guest, 'tenant' | 'id'>;

/** What a guest's own page can see and do of sessions. */
export interface GuestSessions {
  /**
   * What is to be noted of the sign-in that a request of the engine has just ended; null of any other.
   * @param browser names the browser that asks
   */
  of(
    ctx: KoaContextWithOIDC,
    tenant: string,
    browser: () => BrowserName | null,
  ): GuestSession | null;
  /** Newest first; of sign-ins from before this was noted, none. */
  list(guest: Guest): Promise<readonly OpenSession[]>;
  /**
   * Ends one session of a guest with all that was given out in it, and tells its applications.
   * @returns false when the guest has no such session
   */
  end(provider: Provider, guest: Owner, uid: string): Promise<boolean>;
  /**
   * Ends all of them by way of what revokes, and tells the applications of every one.
   * @param revoke leaves nothing of what the guest was given
   */
  endAll<T>(provider: Provider, guest: Guest, revoke: () => Promise<T>): Promise<T>;
}

/** More browsers than anybody has; a list without end would make the page one. */
const MOST_SESSIONS = 50;

/** @source "My apps"; S29, S33, S48 */
export function createGuestSessions(deps: {
  readonly store: Store;
  readonly sessionSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}): GuestSessions {
  const { store, clock } = deps;

  const list: GuestSessions['list'] = async ({ tenant, id }) => {
    const found = await store.sessions.list(tenant, id, clock(), MOST_SESSIONS);
    return found.map(({ payload, ...session }) => ({
      ...session,
      authorizations: authorizationsOf(payload),
    }));
  };

  return {
    list,
    of(ctx, tenant, browser) {
      const { oidc } = ctx as { readonly oidc?: KoaContextWithOIDC['oidc'] };
      const login = oidc?.route === 'resume' ? oidc.result?.login : undefined;
      const { uid, accountId, loginTs } = oidc?.session ?? {};
      if (!login || !uid || accountId !== login.accountId || loginTs === undefined) {
        return null;
      }
      return {
        tenant,
        uid,
        guest: accountId,
        browser: browser(),
        byMail: login['byMail'] === true,
        signedInAt: loginTs,
        expiresAt: loginTs + deps.sessionSeconds,
      };
    },
    async end(provider, guest, uid) {
      const ended = await store.transaction((tx) => endIn(tx, guest, uid, clock()));
      if (!ended) return false;
      await tell(provider, guest, [ended]);
      return true;
    },
    async endAll(provider, guest, revoke) {
      const open = await list(guest);
      // A request under way may save the session again that is taken away under it.
      for (const { uid } of open) await store.sessions.end(guest.tenant, guest.id, uid, clock());
      const done = await revoke();
      await tell(
        provider,
        guest,
        open.map(({ authorizations }) => authorizations),
      );
      return done;
    },
  };

  /** All at once, each once, each for a few seconds at most: the guest waits for it. */
  async function tell(
    provider: Provider,
    { tenant, id }: Owner,
    ended: readonly Authorizations[],
  ): Promise<void> {
    const notices = new Map<string, Promise<void>>();
    for (const authorizations of ended) {
      for (const [clientId, { sid = '' }] of Object.entries(authorizations)) {
        const client = await findClient(provider, clientId);
        if (!client?.backchannelLogoutUri) continue;
        // Without the session's name the notice is about all of them.
        const about = client.backchannelLogoutSessionRequired ? `${clientId} ${sid}` : clientId;
        if (notices.has(about)) continue;
        const sent = client.backchannelLogout(id, sid).catch((error: unknown) => {
          deps.log.warn('backchannel.failed', { tenant, client: clientId, error });
        });
        notices.set(about, sent);
      }
    }
    await Promise.all(notices.values());
  }
}

/** What the engine's client can do, and its types forgot. */
type Notified = NonNullable<Awaited<ReturnType<Provider['Client']['find']>>> & {
  backchannelLogout(subject: string, sid: string): Promise<void>;
};

async function findClient(provider: Provider, id: string): Promise<Notified | undefined> {
  try {
    return (await provider.Client.find(id)) as Notified | undefined;
  } catch (error) {
    if (error instanceof errors.InvalidClient) return undefined;
    throw error;
  }
}

/** Whose session it is, the engine's record says: the uid in a form is only a wish. */
async function endIn(
  tx: Store,
  { tenant, id }: Owner,
  uid: string,
  now: number,
): Promise<Authorizations | undefined> {
  const record = await tx.oidc.findByUid(tenant, 'Session', uid);
  if (!record || record.payload['accountId'] !== id) return undefined;
  await tx.sessions.end(tenant, id, uid, now);
  await destroySession(tx, record);
  return authorizationsOf(record.payload);
}

async function destroySession(tx: Store, { tenant, id, payload }: OidcRecord): Promise<void> {
  for (const { grantId } of Object.values(authorizationsOf(payload))) {
    if (grantId === undefined) continue;
    await tx.oidc.destroyByGrant(tenant, grantId);
    await tx.oidc.destroy(tenant, 'Grant', digestOf(grantId));
  }
  await tx.oidc.destroy(tenant, 'Session', id);
}

function authorizationsOf(payload: OidcRecord['payload']): Authorizations {
  return (payload['authorizations'] ?? {}) as Authorizations;
}
