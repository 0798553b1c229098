// Owns what the forms of the guest's own page do: sign out, take no invitations, leave.

import type { Context } from 'koa';
import type Provider from 'oidc-provider';
import { maskNetwork } from '../domain/network.ts';
import { HOME_CLIENT_ID, type Tenant } from '../domain/tenant.ts';
import { type Administration, mayLeave } from '../guests/administration.ts';
import type { Invitations } from '../guests/invitations.ts';
import type { GuestSessions } from '../oidc/guest-sessions.ts';
import type { Log } from '../telemetry/log.ts';
import { field } from './form.ts';
import { nameOfSession } from './home-page.ts';
import type { Resident } from './home-resident.ts';
import type { HomeNotice } from './notice-cookie.ts';

export interface HomeFormsDeps {
  readonly administration: Pick<Administration, 'leave' | 'revoke'>;
  readonly invitations: Pick<Invitations, 'setBlocked'>;
  readonly sessions: GuestSessions;
  readonly log: Log;
}

/** A form of somebody who is signed in, read and found to be our own. */
export interface HomeForm {
  readonly ctx: Context;
  readonly provider: Provider;
  readonly tenant: Tenant;
  readonly resident: Resident;
}

/** What came of it. */
export interface Done {
  /** What the next page says. */
  readonly said?: HomeNotice;
  /** Whether this browser is signed out now. */
  readonly isOut?: true;
  /** Nothing is done yet: the guest is asked first. */
  readonly asks?: true;
}

/** The forms by the last part of their path. */
export type HomeForms = Readonly<
  Record<'sign-out' | 'invitations' | 'leave', (form: HomeForm) => Promise<Done>>
>;

/** @source rules R67, R77; S29, S48, S64 */
export function createHomeForms(deps: HomeFormsDeps): HomeForms {
  const { administration, sessions, log } = deps;

  return {
    async 'sign-out'(form) {
      const { ctx, provider, tenant, resident } = form;
      const { guest, session } = resident;
      if (field(ctx, 'everywhere') === 'yes') {
        await sessions.endAll(provider, guest, () => administration.revoke(tenant, guest, 'guest'));
        return { said: 'signed-out-everywhere', isOut: true };
      }
      // Looked for among the guest's own: somebody else's is as unknown as one that is over.
      const wanted = field(ctx, 'session');
      const open = [session, ...(await sessions.list(guest))];
      const found = open.find(({ uid }) => nameOfSession(uid) === wanted);
      if (found && (await sessions.end(provider, guest, found.uid))) record(form);
      return found?.uid === session.uid
        ? { said: 'signed-out', isOut: true }
        : { said: 'signed-out-there' };
    },
    async invitations({ ctx, resident }) {
      const isUnwanted = field(ctx, 'block') === 'yes';
      await deps.invitations.setBlocked(resident.guest, isUnwanted);
      return { said: isUnwanted ? 'invitations-blocked' : 'invitations-allowed' };
    },
    async leave({ ctx, provider, tenant, resident: { guest } }) {
      // No button leads here where guests may not leave: only a form of somebody's own.
      if (!mayLeave(tenant)) return {};
      if (field(ctx, 'confirm') !== 'yes') return { asks: true };
      await sessions.endAll(provider, guest, () => administration.leave(tenant, guest));
      return { said: 'left', isOut: true };
    },
  };

  function record({ ctx, tenant, resident }: HomeForm): void {
    log.info('session.end', {
      audit: true,
      tenant: tenant.id,
      subject: resident.guest.id,
      client: HOME_CLIENT_ID,
      outcome: 'browser',
      network: maskNetwork(ctx.ip),
    });
  }
}
