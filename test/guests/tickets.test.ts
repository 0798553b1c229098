import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createTickets } from '../../src/guests/tickets.ts';

describe('createTickets', () => {
  const tickets = createTickets(Buffer.alloc(32, 7));
  const id = 'A'.repeat(22);
  const guest = { tenant: 'a', id, invitationId: 'first' };
  const ticket = tickets.ticketOf('a', id, 'first');
  const digestOf = (...parts: [string, string, string]) => tickets.ticketOf(...parts).split('.')[1];

  it('S55 makes the same ticket again for the same invitation: none is stored', () => {
    assert.match(ticket, /^A{22}\.[\w-]{43}$/);
    assert.equal(createTickets(Buffer.alloc(32, 7)).ticketOf('a', id, 'first'), ticket);
    assert.equal(tickets.subjectOf(ticket), id);
    assert.equal(tickets.isTicketOf(ticket, guest), true);
  });

  it('S55 knows no ticket of another tenant, guest or invitation, or of none', () => {
    for (const changes of [
      { tenant: 'b' },
      { id: 'B'.repeat(22) },
      { invitationId: 'second' },
      { invitationId: null },
    ]) {
      assert.equal(tickets.isTicketOf(ticket, { ...guest, ...changes }), false);
    }
  });

  it('S55 tells apart what only reads alike when put together', () => {
    const c = 'c'.repeat(21);
    assert.notEqual(digestOf('ab', `c${c}`, 'x'), digestOf('a', `b${c}`, 'cx'));
  });

  it('S55 knows no ticket made with another key, or changed in one place', () => {
    const foreign = createTickets(randomBytes(32)).ticketOf('a', id, 'first');
    assert.equal(tickets.isTicketOf(foreign, guest), false);
    for (let at = 0; at < ticket.length; at += 1) {
      const changed = `${ticket.slice(0, at)}${ticket[at] === 'x' ? 'y' : 'x'}${ticket.slice(at + 1)}`;
      assert.equal(tickets.isTicketOf(changed, guest), false, changed);
    }
  });

  for (const text of [
    '',
    '.',
    id,
    `${id}.`,
    `${ticket}x`,
    `x${ticket}`,
    ticket.replace('.', '..'),
    `${ticket}\n`,
    ticket.replace('A', 'é'),
    'A'.repeat(1_000_000),
  ]) {
    it(`S55 reads no subject in '${text.slice(0, 80).replace('\n', '\\n')}'`, () => {
      assert.equal(tickets.subjectOf(text), undefined);
      assert.equal(tickets.isTicketOf(text, guest), false);
    });
  }
});
