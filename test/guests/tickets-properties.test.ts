import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createTickets } from '../../src/guests/tickets.ts';
import { runs } from '../support/fuzz.ts';

const tickets = createTickets(Buffer.alloc(32, 7));
const id = fc.stringMatching(/^[A-Za-z0-9_-]{22}$/);
const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 8 });
const subject = fc.record({ tenant: name, id, invitationId: name });

describe('a ticket, whatever becomes of it', () => {
  it('S55 is refused with any one character put in, taken out or changed', () => {
    const change = fc.tuple(fc.nat(66), fc.nat(1), fc.string({ unit: 'binary', maxLength: 1 }));
    fc.assert(
      fc.property(subject, change, (guest, [at, out, put]) => {
        const ticket = tickets.ticketOf(guest.tenant, guest.id, guest.invitationId);
        assert.equal(tickets.isTicketOf(ticket, guest), true);
        const changed = ticket.slice(0, at) + put + ticket.slice(at + out);
        assert.equal(tickets.isTicketOf(changed, guest), changed === ticket);
      }),
      runs(1000),
    );
  });

  it('S55 is that of one tenant, guest and invitation', () => {
    fc.assert(
      fc.property(subject, subject, (one, other) => {
        const ticket = tickets.ticketOf(one.tenant, one.id, one.invitationId);
        const same = (['tenant', 'id', 'invitationId'] as const).every(
          (part) => one[part] === other[part],
        );
        assert.equal(tickets.isTicketOf(ticket, other), same);
      }),
      runs(500),
    );
  });

  it('S55 is read without a throw, and names a guest by its shape alone', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 90 }),
      fc.stringMatching(/^[\w.-]{60,70}$/),
    );
    fc.assert(
      fc.property(text, subject, (given, guest) => {
        assert.equal(tickets.isTicketOf(given, guest), false);
        const named = tickets.subjectOf(given);
        if (named !== undefined) assert.match(named, /^[A-Za-z0-9_-]{22}$/);
      }),
      runs(1000),
    );
  });
});
