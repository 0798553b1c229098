// Owns invitations: asked for, sent, sent again, withdrawn, opened. None of it redeems: that takes
// the guest and a browser (R62).

import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { mayInvite } from '../domain/invitation.ts';
import { type ClientMetadata, defaultInvitations, type Tenant } from '../domain/tenant.ts';
import type { Outbox } from '../mail/outbox.ts';
import type { Guest, InvitationDetails, InvitationRenewal, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Directory } from './directory.ts';
import { invitationCopy, invitationLetter } from './invitation-letter.ts';
import { detailsOf, type InvitationOrder, refusalOf, refusalOfDomain } from './invitation-order.ts';
import { createInvitationVisits, type InvitationVisits } from './invitation-visits.ts';
import { removeGuest, resetGuest } from './revocation.ts';
import type { Tickets } from './tickets.ts';

/** What came of an invitation. Nothing in it says how the guest will sign in (R4). */
export type InvitationOutcome =
  | {
      readonly outcome: 'invited' | 'invited_again' | 'guest_already' | 'reset';
      readonly guest: Guest;
      /** The link of the invitation; null when the guest has none. */
      readonly redeemUrl: string | null;
      /** As Graph calls it (R61). */
      readonly status: 'PendingAcceptance' | 'Completed';
    }
  | { readonly outcome: 'refused'; readonly code: ErrorCode };

/** What inviters do, and what guests do with the link. */
export interface Invitations extends InvitationVisits {
  /**
   * Invites, or invites a guest who has not accepted yet again: the same guest, a new link, a new
   * end. A guest who has accepted is left alone, unless the order says to reset them.
   */
  create(tenant: Tenant, order: InvitationOrder): Promise<InvitationOutcome>;
  /** Sends what was said before once more, with a new link in place of the old one. */
  resend(tenant: Tenant, guest: Guest, actor: string): Promise<InvitationOutcome>;
  /** Removes a guest who has not accepted yet. @returns false for one who has, or is not there */
  withdraw(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
}

export interface InvitationsDeps {
  readonly store: Store;
  readonly directory: Directory;
  readonly tickets: Tickets;
  readonly outbox: Pick<Outbox, 'enqueue' | 'wake'>;
  /** Address of the page a ticket is taken to, without query. */
  readonly landingUrl: (tenant: Tenant) => string;
  readonly clientsOf: (tenant: Tenant) => readonly ClientMetadata[];
  readonly clock: Clock;
  readonly log: Log;
}

// A mail the relay did not take within a day comes as a surprise; the link is in the API's answer.
const MAIL_SECONDS = 86_400;

/** What a transaction brought, and the mails to wake after it. */
interface Written {
  readonly outcome: InvitationOutcome;
  readonly mails: readonly string[];
}

/** @source rules R4, R60 to R68, R72 to R75; S17, S55 */
export function createInvitations(deps: InvitationsDeps): Invitations {
  const { store, directory, tickets, outbox, clock, log } = deps;

  return {
    async create(tenant, order) {
      const code = refusalOf(tenant, order, deps.clientsOf(tenant));
      const written = code
        ? refused(code)
        : await store.transaction((tx) => write(tx, tenant, order));
      return finish('invitation.create', written, {
        tenant: tenant.id,
        actor: order.actor ?? order.invitedBy ?? order.role,
        address: order.address.address,
      });
    },
    async resend(tenant, guest, actor) {
      const written = await store.transaction((tx) => writeAgain(tx, tenant, guest));
      const { id: subject, address } = guest;
      return finish('invitation.resend', written, { tenant: tenant.id, actor, subject, address });
    },
    async withdraw(tenant, guest, actor) {
      const withdrawn = await store.transaction(async (tx) => {
        // Fails for a guest who accepted, and makes one who is about to wait: an invitation accepted
        // in this moment stays accepted.
        const renewal = renewalOf(tenant, guest.invitation, guest.invitedBy);
        const isPending = await tx.guests.renewInvitation(tenant.id, guest.id, renewal);
        return isPending && removeGuest(tx, tenant.id, guest, clock());
      });
      const outcome = withdrawn ? 'done' : 'refused';
      const { id: subject, address } = guest;
      record('invitation.withdraw', { tenant: tenant.id, subject, address, actor, outcome });
      return withdrawn;
    },
    ...createInvitationVisits(deps),
  };

  async function write(tx: Store, tenant: Tenant, order: InvitationOrder): Promise<Written> {
    const { address, displayName = null, invitedBy = null } = order;
    if (await tx.guests.hasBlockedInvitations(tenant.id, address.key)) {
      return refused('invitations_blocked');
    }
    const { whoMayInvite } = tenant.invitations ?? defaultInvitations;
    const isKnown = async () =>
      (await tx.guests.findByAddress(tenant.id, address.key)) !== undefined ||
      (await tx.guests.findByOtherAddress(tenant.id, address.key)) !== undefined;
    // What an administrator may do to a guest who exists, nobody may to a stranger (R75).
    if (!mayInvite(whoMayInvite, order.role) && !(await isKnown())) {
      return refused('inviter_not_allowed');
    }
    const details = detailsOf(order);
    const renewal = renewalOf(tenant, details, invitedBy);
    const invitation = { id: renewal.invitationId, expiresAt: renewal.expiresAt, details };
    const { guest, created } = await directory.invite(
      { tenant: tenant.id, address, displayName, invitedBy, invitation },
      tx,
    );
    if (created) return send(tx, tenant, guest.id, 'invited', order.sendMessage);
    // Found by another address: the mail would go to the first one, whose owner has a say too.
    const code = await refusalOfGuest(tx, guest);
    if (code) return refused(code);
    // A new invitation alone would go to the old address: whoever is moved is reset (R68).
    const isMove = order.resetRedemption === true && address.key !== guest.addressKey;
    if (!isMove && (await tx.guests.renewInvitation(tenant.id, guest.id, renewal))) {
      return send(tx, tenant, guest.id, 'invited_again', order.sendMessage);
    }
    if (!order.resetRedemption) return send(tx, tenant, guest.id, 'guest_already', false);
    const moved = address.key === guest.addressKey ? {} : { address };
    const outcome = await resetGuest(tx, tenant.id, guest, { renewal, ...moved }, clock());
    return outcome === 'reset'
      ? send(tx, tenant, guest.id, 'reset', order.sendMessage)
      : refused('guest_unavailable');
  }

  async function writeAgain(tx: Store, tenant: Tenant, { id }: Guest): Promise<Written> {
    const guest = await tx.guests.find(tenant.id, id);
    if (!guest || guest.removedAt !== null) return refused('invitation_unknown');
    const { addressKey, invitation, invitedBy } = guest;
    const domain = addressKey.slice(addressKey.lastIndexOf('@') + 1);
    // The tenant's lists may have changed since: they hold for whoever is pending (R73).
    const code = refusalOfDomain(tenant, domain) ?? (await refusalOfGuest(tx, guest));
    if (code) return refused(code);
    const renewal = renewalOf(tenant, invitation, invitedBy);
    return (await tx.guests.renewInvitation(tenant.id, id, renewal))
      ? send(tx, tenant, id, 'invited_again', true)
      : send(tx, tenant, id, 'guest_already', false);
  }

  /** Says what stands now, and writes the mails of it. */
  async function send(
    tx: Store,
    tenant: Tenant,
    id: string,
    outcome: Exclude<InvitationOutcome['outcome'], 'refused'>,
    sendMessage: boolean,
  ): Promise<Written> {
    const guest = await tx.guests.find(tenant.id, id);
    if (!guest) return refused('guest_unavailable');
    const links = linksOf(tenant, guest);
    const status = guest.state === 'Accepted' ? 'Completed' : 'PendingAcceptance';
    const answer = { outcome, guest, redeemUrl: links?.url ?? null, status } as const;
    if (!sendMessage || !links) return { outcome: answer, mails: [] };
    const cc = await otherReader(tx, guest);
    const contents = [
      invitationLetter(tenant, guest, links),
      ...(cc === undefined ? [] : [invitationCopy(tenant, guest, cc)]),
    ];
    const expiresAt = clock() + MAIL_SECONDS;
    const mails: string[] = [];
    for (const content of contents) {
      // The copy goes to somebody else.
      const guest = content.kind === 'invitation' ? id : null;
      mails.push(await outbox.enqueue(tx, { tenant: tenant.id, content, expiresAt, guest }));
    }
    return { outcome: answer, mails };
  }

  function linksOf(tenant: Tenant, { id, invitationId }: Guest) {
    if (invitationId === null) return undefined;
    const landing = deps.landingUrl(tenant);
    const query = `?ticket=${tickets.ticketOf(tenant.id, id, invitationId)}`;
    return { url: `${landing}${query}`, blockUrl: `${landing}/block${query}` };
  }

  function renewalOf(
    tenant: Tenant,
    details: InvitationDetails | null,
    invitedBy: string | null,
  ): InvitationRenewal {
    const now = clock();
    const { lifetimeSeconds } = tenant.invitations ?? defaultInvitations;
    const invitationId = randomBytes(16).toString('base64url');
    return { invitationId, expiresAt: now + lifetimeSeconds, details, invitedBy, now };
  }

  function finish(event: string, { outcome, mails }: Written, fields: object): InvitationOutcome {
    for (const id of mails) outbox.wake(id);
    record(event, {
      ...fields,
      outcome: outcome.outcome,
      ...(outcome.outcome === 'refused'
        ? { refusal: outcome.code }
        : { subject: outcome.guest.id }),
    });
    return outcome;
  }

  function record(event: string, fields: object): void {
    log.info(event, { audit: true, ...fields });
  }
}

function refused(code: ErrorCode): Written {
  return { outcome: { outcome: 'refused', code }, mails: [] };
}

async function refusalOfGuest(tx: Store, guest: Guest): Promise<ErrorCode | undefined> {
  if (guest.blockedAt !== null) return 'guest_unavailable';
  return (await tx.guests.hasBlockedInvitations(guest.tenant, guest.addressKey))
    ? 'invitations_blocked'
    : undefined;
}

/** Who gets a copy, unless its owner blocked the tenant: a copy is such a mail as well (R67). */
async function otherReader(tx: Store, guest: Guest): Promise<string | undefined> {
  const cc = parseEmailAddress(guest.invitation?.cc ?? '');
  if (!cc || (await tx.guests.hasBlockedInvitations(guest.tenant, cc.key))) return undefined;
  return cc.address;
}
