// Owns tickets: what in a mailed link names an invitation. None is stored; each can be made again.

import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import type { Guest } from '../storage/store.ts';

/** Makes and reads tickets. A ticket opens a page; it signs nobody in (S55). */
export interface Tickets {
  /** The ticket of one invitation of a guest: 66 URL-safe characters. */
  ticketOf(tenant: string, guestId: string, invitationId: string): string;
  /** The guest a ticket speaks of, by its shape alone: nothing is proven yet. */
  subjectOf(ticket: string): string | undefined;
  /**
   * Tells, in constant time, whether a ticket is that of the guest's current invitation. A new
   * invitation makes every ticket before it worthless.
   */
  isTicketOf(ticket: string, guest: Pick<Guest, 'tenant' | 'id' | 'invitationId'>): boolean;
}

const SHAPE = /^([A-Za-z0-9_-]{22})\.[A-Za-z0-9_-]{43}$/;

/** @param key at least 32 bytes, used for nothing else */
export function createTickets(key: Buffer): Tickets {
  const secret = createSecretKey(key);

  const ticketOf: Tickets['ticketOf'] = (tenant, guestId, invitationId) => {
    const hmac = createHmac('sha256', secret).update('invitation-ticket1');
    for (const part of [tenant, guestId, invitationId]) {
      // Lengths first: without them "ab"+"c" and "a"+"bc" would share a ticket.
      hmac.update(`${Buffer.byteLength(part)}:${part}`);
    }
    return `${guestId}.${hmac.digest('base64url')}`;
  };

  return {
    ticketOf,
    subjectOf: (ticket) => SHAPE.exec(ticket)?.[1],
    isTicketOf(ticket, { tenant, id, invitationId }) {
      if (invitationId === null) return false;
      const expected = Buffer.from(ticketOf(tenant, id, invitationId));
      const actual = Buffer.from(ticket);
      return expected.length === actual.length && timingSafeEqual(expected, actual);
    },
  };
}
