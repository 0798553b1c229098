// Owns what a guest's own page shows of the guest: nothing of any other guest (R76).

import { createHash } from 'node:crypto';
import { type ClientMetadata, isOpenTo, type Tenant } from '../domain/tenant.ts';
import { mayLeave } from '../guests/administration.ts';
import type { Organisation } from '../guests/organisations.ts';
import type { OpenSession } from '../oidc/guest-sessions.ts';
import type { Guest } from '../storage/store.ts';
import { iconPathOf } from './app-icons.ts';
import type { GuestHome } from './page.ts';

/** Everything the page is made of. */
export interface HomeFacts {
  readonly guest: Guest;
  readonly tenant: Tenant;
  /** Path of the tenant, without a trailing slash. */
  readonly base: string;
  readonly issuer: string;
  readonly sessions: readonly OpenSession[];
  /** The engine's name of the session the page is asked in. */
  readonly thisSession: string;
  readonly organisations: readonly Organisation[];
  readonly isBlocked: boolean;
  /** Epoch seconds. */
  readonly now: number;
}

const HOUR = 3600;
/** As many as `views/assets/style.css` has colours for tiles. */
export const TILES = 6;

/** Draws up the page. Pure. */
export function homeOf(facts: HomeFacts): GuestHome {
  const { guest, tenant, sessions } = facts;
  return {
    address: guest.address,
    name: guest.displayName,
    applications: applicationsOf(facts),
    organisations: facts.organisations.map(({ id, displayName, accepted }) => ({
      name: displayName,
      url: `/${id}/`,
      accepted,
    })),
    sessions: sessions.map((session) => ({
      name: nameOfSession(session.uid),
      browser: session.browser,
      isThis: session.uid === facts.thisSession,
      hours: Math.max(0, Math.floor((facts.now - session.signedInAt) / HOUR)),
      applications: tenant.clients
        .filter(({ client_id: id }) => session.authorizations[id]?.grantId !== undefined)
        .map(shownName),
    })),
    invitations: facts.isBlocked ? 'blocked' : 'taken',
    leaving: mayLeave(tenant) ? 'allowed' : 'contact',
  };
}

/**
 * The applications a guest may open, of those that say where (R11). Pure.
 *
 * @source OpenID Connect Core section 4 (`iss`, at the address where sign-ins are started)
 */
export function applicationsOf({
  guest,
  tenant,
  base,
  issuer,
}: Pick<HomeFacts, 'tenant' | 'base' | 'issuer'> & {
  readonly guest: Pick<Guest, 'method'>;
}): GuestHome['applications'] {
  return tenant.clients.flatMap((client) => {
    const url = addressOf(client, issuer);
    if (url === undefined || !isOpenTo(tenant, client, guest.method)) return [];
    const name = shownName(client);
    const icon = iconPathOf(tenant, client.client_id);
    return [
      {
        name,
        url,
        icon: icon === null ? null : `${base}${icon}`,
        letter: letterOf(name),
        tile: digest(client.client_id)[0]! % TILES,
      },
    ];
  });
}

/** What a form calls a session: of no use anywhere else. Pure. */
export function nameOfSession(uid: string): string {
  return digest(uid).toString('base64url').slice(0, 22);
}

function addressOf(client: ClientMetadata, issuer: string): string | undefined {
  const start = client['initiate_login_uri'];
  if (typeof start === 'string') {
    const url = new URL(start);
    url.searchParams.set('iss', issuer);
    return url.href;
  }
  const page = client['client_uri'];
  return typeof page === 'string' ? page : undefined;
}

function shownName({ client_name: name, client_id: id }: ClientMetadata): string {
  return name ?? id;
}

/** As people count letters: a flag or a letter with its accents is one. */
function letterOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return (first?.segment ?? '').toLocaleUpperCase();
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
