// Owns invitations that were made: told, taken back, mailed again.

import { z } from 'zod';
import { mayInvite } from '../../domain/invitation.ts';
import { defaultInvitations } from '../../domain/tenant.ts';
import type { Invitations } from '../../guests/invitations.ts';
import type { Guest, GuestStore } from '../../storage/store.ts';
import { invitationOf, invitationSchema } from './invitation.ts';
import { answerList, pageParameters, readKey, readListQuery } from './list.ts';
import type { Call, Named, Operation, Outcome } from './operation.ts';
import { isProblem, nowhere, type Problem, problem, refusal } from './problem.ts';

const FILTER = "invitedUserEmailAddress eq '…', alone.";

const invitations: Named = {
  name: 'invitationCollection',
  schema: z.strictObject({
    value: z.array(invitationSchema.schema),
    '@odata.nextLink': z.string().optional().describe('Where the list goes on.'),
  }),
};

const accepted = (): Problem =>
  problem(409, 'The guest has accepted the invitation.', 'invitation_accepted');

export interface StandingInvitationsDeps {
  readonly invitations: Pick<Invitations, 'resend' | 'withdraw'>;
  readonly guests: Pick<GuestStore, 'find' | 'list'>;
}

/** @source rules R60, R61, R75; S33 */
export function createStandingInvitationOperations(
  deps: StandingInvitationsDeps,
): readonly Operation[] {
  const { guests } = deps;
  return [
    {
      name: 'listInvitations',
      method: 'GET',
      path: '/invitations',
      scope: 'guests.read',
      summary: 'Lists the invitations of the tenant, by id, without their links.',
      query: { $filter: FILTER, ...pageParameters },
      status: 200,
      answer: invitations,
      problems: [],
      run: (call) => list(call),
    },
    {
      name: 'getInvitation',
      method: 'GET',
      path: '/invitations/{id}',
      scope: 'guests.read',
      summary: 'Tells about one invitation, without its link.',
      status: 200,
      answer: invitationSchema,
      problems: [404],
      run: (call) => withInvited(call, (guest) => Promise.resolve(invitationOf(guest))),
    },
    {
      name: 'deleteInvitation',
      method: 'DELETE',
      path: '/invitations/{id}',
      scope: 'guests.manage',
      summary: 'Withdraws an invitation nobody has accepted: its guest is removed, restorable.',
      status: 204,
      problems: [404, 409],
      run: (call) =>
        withInvited(call, async (guest) =>
          (await deps.invitations.withdraw(call.tenant, guest, call.actor))
            ? undefined
            : accepted(),
        ),
    },
    {
      name: 'resendInvitation',
      method: 'POST',
      path: '/invitations/{id}/resend',
      scope: 'guests.invite',
      summary: 'Mails an invitation again, with a new link in place of the old one.',
      status: 200,
      answer: invitationSchema,
      problems: [404, 409, 422],
      run: (call) => withInvited(call, (guest) => resend(call, guest)),
    },
  ];

  async function list(call: Call<unknown>): Promise<Outcome> {
    const asked = readListQuery<{ readonly address: string }>(
      call.query,
      { invitedUserEmailAddress: readAddress },
      FILTER,
    );
    if (isProblem(asked)) return asked;
    const find = (limit: number) =>
      guests.list(call.tenant.id, { ...asked, isInvited: true, limit });
    return answerList(call, '/invitations', asked.limit, find, (guest) => invitationOf(guest));
  }

  async function resend(
    { tenant, caller, actor }: Call<unknown>,
    guest: Guest,
  ): Promise<object | Problem> {
    const { whoMayInvite } = tenant.invitations ?? defaultInvitations;
    // Where only people may invite, an application that could not have invited mails nobody either;
    // who manages guests could reset them, which does the same (R75).
    if (!mayInvite(whoMayInvite, 'application') && !caller.scopes.has('guests.manage')) {
      return refusal('inviter_not_allowed');
    }
    const sent = await deps.invitations.resend(tenant, guest, actor);
    if (sent.outcome === 'refused') {
      return sent.code === 'invitation_unknown' ? nowhere : refusal(sent.code);
    }
    if (sent.outcome === 'guest_already') return accepted();
    return invitationOf(sent.guest, {
      inviteRedeemUrl: sent.redeemUrl,
      sendInvitationMessage: true,
      resetRedemption: false,
    });
  }

  async function withInvited(
    { tenant, id }: Call<unknown>,
    act: (guest: Guest) => Promise<Outcome>,
  ): Promise<Outcome> {
    const guest = await guests.find(tenant.id, id);
    // Whoever signed up was not invited: there is nothing to look at or take back.
    const isInvited = guest && guest.removedAt === null && guest.invitationId !== null;
    return isInvited ? act(guest) : nowhere;
  }
}

function readAddress(value: string): { readonly address: string } | Problem {
  const address = readKey(value);
  return isProblem(address) ? address : { address };
}
