// Owns what a guest does with the link of an invitation before signing in: look, and say no.

import type { Clock } from '../domain/clock.ts';
import type { Guest, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Tickets } from './tickets.ts';

/** An invitation as its link finds it. */
export interface OpenedInvitation {
  readonly guest: Guest;
  readonly state: 'open' | 'accepted' | 'expired';
}

export interface InvitationVisits {
  /**
   * Reads the invitation of a ticket; changes nothing, however often mail scanners do it (S55).
   *
   * @param tenant id; undefined where one host serves them all
   * @returns undefined for a ticket that is wrong, of another tenant, withdrawn, replaced, or of a
   *   blocked guest
   */
  open(tenant: string | undefined, ticket: string): Promise<OpenedInvitation | undefined>;
  /** Whether the owner of the address takes invitations of the tenant from now on (R67). */
  setBlocked(guest: Guest, blocked: boolean): Promise<void>;
}

export interface InvitationVisitsDeps {
  readonly store: Store;
  readonly tickets: Tickets;
  readonly clock: Clock;
  readonly log: Log;
}

/** @source rules R65, R67; S55 */
export function createInvitationVisits(deps: InvitationVisitsDeps): InvitationVisits {
  const { store, tickets, clock, log } = deps;
  return {
    async open(tenant, ticket) {
      const subject = tickets.subjectOf(ticket);
      if (subject === undefined) return undefined;
      const guest = await (tenant === undefined
        ? store.guests.findById(subject)
        : store.guests.find(tenant, subject));
      if (!guest || guest.removedAt !== null || guest.blockedAt !== null) return undefined;
      if (!tickets.isTicketOf(ticket, guest)) return undefined;
      return { guest, state: stateOf(guest, clock()) };
    },
    async setBlocked(guest, blocked) {
      const { tenant, id: subject, address, addressKey } = guest;
      await store.guests.setInvitationsBlocked(tenant, addressKey, clock(), blocked);
      const event = blocked ? 'invitation.block' : 'invitation.unblock';
      log.info(event, { audit: true, tenant, subject, address, actor: 'guest' });
    },
  };
}

function stateOf({ state, invitationExpiresAt }: Guest, now: number): OpenedInvitation['state'] {
  if (state === 'Accepted') return 'accepted';
  return invitationExpiresAt !== null && now >= invitationExpiresAt ? 'expired' : 'open';
}
