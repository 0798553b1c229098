// Owns administering a tenant with the files and the database of this machine.

import type { Tenant } from '../domain/tenant.ts';
import type { ErrorCode } from '../domain/errors.ts';
import { refusalOf } from '../guests/invitation-order.ts';
import type { InvitationOutcome } from '../guests/invitations.ts';
import { MOST_MAILS, sentMailOf } from '../mail/fates.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { ExternalUserState, Guest } from '../storage/store.ts';
import { actorOf } from './actor.ts';
import { atTenant, deliver, type GuestLookup, lookAtTenant, lookupOf } from './installation.ts';
import { resetAt } from './local-reset.ts';
import type { ActorOptions } from './open-admin.ts';
import type { Output, Refusal } from './output.ts';
import { refusalSentence } from './refusal-sentence.ts';
import type { GuestRecords, Invited, PlaceOptions, TenantAdmin } from './tenant-admin.ts';

const PAGE = 500;

/** Looks into the database; no row of it is changed. @returns the exit code */
export function lookAtLocal(
  options: PlaceOptions,
  output: Output,
  look: (records: GuestRecords) => Promise<number>,
): Promise<number> {
  return lookAtTenant(options, output, (guests, tenant, now) =>
    look({ ...createRecords(guests, tenant), now }),
  );
}

/** Works with all rooms joined. May run while a server does. @returns the exit code */
export function withLocalAdmin(
  options: ActorOptions,
  output: Output,
  work: (admin: TenantAdmin) => Promise<number>,
): Promise<number> {
  return atTenant(options, output, (parts, tenant) =>
    work(createLocalAdmin(parts, tenant, actorOf(options))),
  );
}

function createLocalAdmin(parts: Parts, tenant: Tenant, actor: string): TenantAdmin {
  const { store, invitations, administration } = parts;
  const whole = ({ id }: Pick<Guest, 'id'>) => store.guests.find(tenant.id, id);
  const told = (made: InvitationOutcome): Invited | Refusal => answerOf(made, tenant);
  const gone = refusalAt(tenant, 'not_invited');
  return {
    ...createRecords(lookupOf(store), tenant),
    get now() {
      return parts.clock();
    },
    keysKeptSeconds: 0,
    invite: async (order) => told(await invitations.create(tenant, order)),
    async resend(known) {
      const guest = await whole(known);
      return guest ? told(await invitations.resend(tenant, guest, actor)) : gone;
    },
    async revokeInvitation(known) {
      const guest = await whole(known);
      return guest !== undefined && invitations.withdraw(tenant, guest, actor);
    },
    async reset(known, order) {
      const guest = await whole(known);
      if (!guest) return gone;
      const made = await resetAt(parts, tenant, guest, { ...order, actor });
      return 'sentence' in made ? made : told(made);
    },
    async change(change, known) {
      const guest = await whole(known);
      return guest !== undefined && administration[change](tenant, guest, actor);
    },
    async revokeSessions(known) {
      const guest = await whole(known);
      return guest !== undefined && administration.revoke(tenant, guest, actor);
    },
    deliver: (output) => deliver(parts, output),
  };
}

function createRecords(guests: GuestLookup, tenant: Tenant): Omit<GuestRecords, 'now'> {
  const { id } = tenant;
  async function* list(state?: ExternalUserState): AsyncGenerator<Guest> {
    let page: readonly Guest[];
    let after = '';
    do {
      page = await guests.list(id, { ...(state && { state }), after, limit: PAGE });
      yield* page;
      after = page.at(-1)?.id ?? '';
    } while (page.length === PAGE);
  }
  return {
    tenant,
    find: async ({ key }) =>
      (await guests.findByAddress(id, key)) ?? guests.findByOtherAddress(id, key),
    findRemoved: ({ key }) => guests.listRemoved(id, key),
    list,
    async *listInvitations() {
      for await (const guest of list('PendingAcceptance')) {
        // Whoever signed up has no invitation until they are reset.
        if (guest.invitationId !== null) yield guest;
      }
    },
    listAddresses: (guest) => guests.listAddresses(id, guest.id),
    listMails: async (guest) => (await guests.listMails(id, guest.id, MOST_MAILS)).map(sentMailOf),
    refusesInvitations: ({ key }) => guests.hasBlockedInvitations(id, key),
    async foreseeRefusal(order) {
      const isBlocked = () => guests.hasBlockedInvitations(id, order.address.key);
      const code =
        refusalOf(tenant, order, tenant.clients) ??
        ((await isBlocked()) ? ('invitations_blocked' as const) : undefined);
      return code && refusalAt(tenant, code);
    },
  };
}

function answerOf(made: InvitationOutcome, tenant: Tenant): Invited | Refusal {
  if (made.outcome === 'refused') return refusalAt(tenant, made.code);
  const { outcome, guest, redeemUrl, status } = made;
  const link = status === 'Completed' ? null : redeemUrl;
  return { outcome, address: guest.address, id: guest.id, link };
}

function refusalAt(tenant: Tenant, code: ErrorCode): Refusal {
  return { outcome: 'refused', code, sentence: refusalSentence(code, tenant.displayName) };
}
