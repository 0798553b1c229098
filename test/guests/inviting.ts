// Owns inviting in tests: an order in, what came of it out.

import type { Tenant } from '../../src/domain/tenant.ts';
import type { InvitationOrder } from '../../src/guests/invitation-order.ts';
import type { InvitationOutcome } from '../../src/guests/invitations.ts';
import type { Guest } from '../../src/storage/store.ts';
import { invitationsTo, orderOf, type Room } from './support.ts';

/** An administrator, as the log knows one. */
export const ACTOR = 'admin@contoso.example';
/** The guest of every order. */
export const TERI = 'Teri@partner.example';
export const KEY = 'teri@partner.example';

type Made = Exclude<InvitationOutcome, { outcome: 'refused' }>;

/** What tests do in a room; `room` is asked when it is open. */
export function invitingIn(room: () => Room) {
  const create = (tenant: Tenant, changes: Partial<InvitationOrder> = {}) =>
    room().invitations.create(tenant, orderOf(changes));
  return {
    create,
    /** Invites, and fails when that is refused. */
    made: async (tenant: Tenant, changes: Partial<InvitationOrder> = {}): Promise<Made> => {
      const outcome = await create(tenant, changes);
      if (outcome.outcome === 'refused') throw new Error(outcome.code);
      return outcome;
    },
    mailsTo: async (to: string) => invitationsTo(await room().mails(), to),
    stored: ({ tenant, id }: Guest) => room().store.guests.find(tenant, id),
  };
}

/** The code of a refusal, or the outcome. */
export async function saidBy(outcome: Promise<InvitationOutcome>): Promise<string> {
  const said = await outcome;
  return said.outcome === 'refused' ? said.code : said.outcome;
}

/** The ticket in a link. */
export function ticketIn(url: string | null): string {
  const ticket = url === null ? null : new URL(url).searchParams.get('ticket');
  if (ticket === null) throw new Error(`no ticket in ${url}`);
  return ticket;
}
