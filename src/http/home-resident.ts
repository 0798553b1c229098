// Owns who is signed in on the guest's own page, by the issuer's own session.

import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';
import { HOME_CLIENT_ID, type Tenant } from '../domain/tenant.ts';
import type { Directory } from '../guests/directory.ts';
import type { OpenSession } from '../oidc/guest-sessions.ts';
import type { Guest } from '../storage/store.ts';
import { browserFamilyOf } from './client.ts';

/** Whoever is signed in, in the session the browser shows. */
export interface Resident {
  readonly guest: Guest;
  readonly session: OpenSession;
  /** Whether an authorization request of the page was granted in the session. */
  readonly hasEntered: boolean;
}

/** Finds whoever is signed in here, if that sign-in still counts. */
export type FindResident = (
  ctx: Context,
  provider: Provider,
  tenant: Tenant,
) => Promise<Resident | undefined>;

/** @source S28, S29, S33; rules R25 */
export function createFindResident(deps: {
  readonly directory: Pick<Directory, 'findBySubject'>;
  readonly sessionSeconds: number;
  readonly clock: Clock;
}): FindResident {
  return async (ctx, provider, tenant) => {
    const session = await provider.Session.get(ctx);
    const { uid, accountId, loginTs } = session;
    if (accountId === undefined || loginTs === undefined) return undefined;
    if (deps.clock() - loginTs >= deps.sessionSeconds) return undefined;
    const guest = await deps.directory.findBySubject(tenant.id, accountId);
    const isRevoked = guest && guest.revokedAt !== null && loginTs < guest.revokedAt;
    if (guest?.state !== 'Accepted' || isRevoked) return undefined;
    return {
      guest,
      // Of a sign-in that was never noted, this is what is known.
      session: {
        tenant: tenant.id,
        uid,
        guest: guest.id,
        browser: browserFamilyOf(ctx.get('user-agent')),
        byMail: false,
        signedInAt: loginTs,
        expiresAt: loginTs + deps.sessionSeconds,
        authorizations: session.authorizations ?? {},
      },
      hasEntered: session.grantIdFor(HOME_CLIENT_ID) !== undefined,
    };
  };
}
