// Owns `/invitations`: asking for one, and asking a guest who exists to redeem anew.

import { z } from 'zod';
import { type EmailAddress, parseEmailAddress } from '../../domain/email-address.ts';
import type { InvitationOrder } from '../../guests/invitation-order.ts';
import type { InvitationOutcome, Invitations } from '../../guests/invitations.ts';
import { emailAddressField, shownNameField } from '../../settings/fields.ts';
import type { Guest, GuestStore } from '../../storage/store.ts';
import { invitationOf, invitationSchema } from './invitation.ts';
import { type Call, type Operation, operationWithBody } from './operation.ts';
import { nowhere, type Problem, problem, refusal } from './problem.ts';

const language = z.string().regex(/^[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*$/, 'not a language tag');

const messageInfo = z.strictObject({
  messageLanguage: language
    .nullish()
    .describe('Language of the mail, unless the message speaks one; default the tenant says.'),
  customizedMessageBody: z
    .string()
    .max(500)
    .nullish()
    .describe(
      'Plain text. Left out: behind an application nobody stands whom the guest could ask.',
    ),
  ccRecipients: z
    .array(
      z.strictObject({
        emailAddress: z.strictObject({ address: emailAddressField, name: z.string().nullish() }),
      }),
    )
    .max(1)
    .nullish()
    .describe('One more reader, without the link.'),
});

const invitationBody = z.strictObject({
  invitedUserEmailAddress: emailAddressField,
  inviteRedirectUrl: z
    .string()
    .max(2048)
    .describe('A page of a client of the tenant, where the guest is led after accepting.'),
  invitedUserDisplayName: shownNameField.nullish(),
  invitedUserType: z.literal('Guest').optional().meta({ default: 'Guest' }),
  sendInvitationMessage: z.boolean().optional().meta({ default: false }),
  invitedUserMessageInfo: messageInfo.nullish(),
  resetRedemption: z
    .boolean()
    .optional()
    .meta({ default: false, description: 'With invitedUser; takes guests.manage as well.' }),
  invitedUser: z.strictObject({ id: z.string().min(1).max(64) }).optional(),
});

type InvitationBody = z.infer<typeof invitationBody>;

export interface InvitationOperationsDeps {
  readonly invitations: Pick<Invitations, 'create'>;
  readonly guests: Pick<GuestStore, 'find' | 'listAddresses'>;
}

/** @source rules R60 to R63, R66, R68, R75 */
export function createInvitationOperations({
  invitations,
  guests,
}: InvitationOperationsDeps): readonly Operation[] {
  return [
    operationWithBody({
      name: 'createInvitation',
      method: 'POST',
      path: '/invitations',
      scope: 'guests.invite',
      summary: 'Invites a guest; the guest exists at once.',
      body: { name: 'newInvitation', schema: invitationBody },
      status: 201,
      answer: invitationSchema,
      problems: [404, 409, 422],
      run: (call) => create(call),
    }),
    operationWithBody({
      name: 'resetRedemption',
      method: 'POST',
      path: '/users/{id}/resetRedemption',
      scope: 'guests.manage',
      summary: 'Lets a guest redeem anew under the same id, as the last invitation said.',
      body: {
        name: 'resetRedemption',
        schema: z.strictObject({
          sendInvitationMessage: z.boolean().optional().meta({ default: false }),
        }),
      },
      status: 200,
      answer: invitationSchema,
      problems: [404, 409, 422],
      run: (call) => reset(call),
    }),
  ];

  async function create(call: Call<InvitationBody>): Promise<object | Problem> {
    const { tenant, body, caller } = call;
    const address = addressOf(body.invitedUserEmailAddress);
    const isReset = body.resetRedemption === true;
    if (isReset !== (body.invitedUser !== undefined)) {
      return problem(400, 'resetRedemption and invitedUser go together.');
    }
    if (isReset) {
      // It ends sessions: whoever may merely invite could throw any guest out with it (R68).
      if (!caller.scopes.has('guests.manage')) {
        return problem(403, 'A reset takes the scope guests.manage.');
      }
      const guest = await guests.find(tenant.id, body.invitedUser?.id ?? '');
      if (!guest || guest.removedAt !== null) return nowhere;
      // Else a new guest would be made of an address that is not this guest's.
      if (!(await isTheirs(guest, address))) {
        return problem(400, 'invitedUserEmailAddress is no address of this guest.');
      }
    }
    const info = body.invitedUserMessageInfo;
    const [cc] = info?.ccRecipients ?? [];
    const order: InvitationOrder = {
      address,
      displayName: body.invitedUserDisplayName ?? null,
      message: info?.customizedMessageBody ?? null,
      language: info?.messageLanguage ?? null,
      cc: cc ? addressOf(cc.emailAddress.address) : null,
      redirectUrl: body.inviteRedirectUrl,
      role: isReset ? 'administrator' : 'application',
      actor: call.actor,
      sendMessage: body.sendInvitationMessage ?? false,
      resetRedemption: isReset,
    };
    return answer(await invitations.create(tenant, order), order);
  }

  async function reset(
    call: Call<{ readonly sendInvitationMessage?: boolean | undefined }>,
  ): Promise<object | Problem> {
    const guest = await guests.find(call.tenant.id, call.id);
    if (!guest || guest.removedAt !== null) return nowhere;
    const { invitation } = guest;
    const order: InvitationOrder = {
      address: addressOf(guest.address),
      invitedBy: guest.invitedBy,
      message: invitation?.message ?? null,
      language: invitation?.language ?? null,
      cc: parseEmailAddress(invitation?.cc ?? '') ?? null,
      redirectUrl: invitation?.redirectUrl ?? null,
      role: 'administrator',
      actor: call.actor,
      sendMessage: call.body.sendInvitationMessage ?? false,
      resetRedemption: true,
    };
    const made = await invitations.create(call.tenant, order);
    if (made.outcome !== 'refused' || made.code !== 'redirect_unregistered') {
      return answer(made, order);
    }
    // The page belonged to an application that is gone: no reason to keep the guest out.
    const elsewhere = { ...order, redirectUrl: null };
    return answer(await invitations.create(call.tenant, elsewhere), elsewhere);
  }

  async function isTheirs(guest: Guest, address: EmailAddress): Promise<boolean> {
    if (guest.addressKey === address.key) return true;
    const others = await guests.listAddresses(guest.tenant, guest.id);
    return others.some((other) => parseEmailAddress(other)?.key === address.key);
  }
}

function answer(made: InvitationOutcome, order: InvitationOrder): object {
  if (made.outcome === 'refused') return refusal(made.code);
  return invitationOf(made.guest, {
    inviteRedeemUrl: made.redeemUrl,
    sendInvitationMessage: order.sendMessage,
    resetRedemption: made.outcome === 'reset',
  });
}

function addressOf(text: string): EmailAddress {
  const address = parseEmailAddress(text);
  if (!address) throw new TypeError('an address that passed the check and is none');
  return address;
}
