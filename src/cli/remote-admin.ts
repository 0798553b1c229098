// Owns administering a tenant through the admin API of a running server.

import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { errorTable, type ErrorCode } from '../domain/errors.ts';
import type { InvitationOrder } from '../guests/invitation-order.ts';
import type { ActorOptions } from './open-admin.ts';
import { misused, type Output, type Refusal } from './output.ts';
import { refusalSentence } from './refusal-sentence.ts';
import { createRemoteApi, nothing, type RemoteApi, type RemoteProblem } from './remote-api.ts';
import { remoteInvitation } from './remote-guest.ts';
import { readRemotePlace } from './remote-place.ts';
import { createRemoteRecords } from './remote-records.ts';
import type { GuestChange, Invited, KnownGuest, TenantAdmin } from './tenant-admin.ts';

/** A day less an hour: what is asked for again so late is looked up instead. */
const KEYS_KEPT_SECONDS = 82_800;

/**
 * Works on a running server.
 *
 * @returns the exit code of `work`; 2 when the server cannot be asked
 * @throws {RemoteError}
 */
export async function withRemoteAdmin(
  options: ActorOptions,
  output: Output,
  work: (admin: TenantAdmin) => Promise<number>,
): Promise<number> {
  if (options.actor !== undefined) {
    return misused(output, '--actor does not go with --url: the server names the application');
  }
  const place = readRemotePlace(options);
  if (typeof place === 'string') return misused(output, place);
  return work(createRemoteAdmin(createRemoteApi(place)));
}

/** @param api of one tenant */
export function createRemoteAdmin(api: RemoteApi): TenantAdmin {
  const records = createRemoteRecords(api);
  const refusalOf = (problem: RemoteProblem): Refusal => {
    const { code, message } = problem;
    const isOurs = Object.hasOwn(errorTable, code);
    const sentence = isOurs ? refusalSentence(code as ErrorCode, api.tenant) : message;
    return { outcome: 'refused', code, sentence };
  };
  const manage = { scopes: ['guests.manage'] } as const;

  return {
    ...records,
    get now() {
      return Math.floor(Date.now() / 1000);
    },
    keysKeptSeconds: KEYS_KEPT_SECONDS,
    async invite(order, key = randomUUID()) {
      const guest = order.resetRedemption ? await records.find(order.address) : undefined;
      const body = { ...bodyOf(order), ...(guest && resetOf(guest)) };
      const made = await api.ask(
        {
          scopes: guest ? ['guests.invite', 'guests.manage'] : ['guests.invite'],
          method: 'POST',
          path: '/invitations',
          body,
          key,
        },
        remoteInvitation,
      );
      if ('answer' in made) return invitedBy(made.answer);
      // The key was used by an earlier run that got through: a second mail would spoil the first.
      const done = made.problem.status === 422 ? await records.find(order.address) : undefined;
      return done
        ? { outcome: 'invited', address: done.address, id: done.id, link: null }
        : refusalOf(made.problem);
    },
    async resend(guest) {
      const { id, address } = guest;
      const sent = await api.ask(
        {
          scopes: ['guests.invite'],
          method: 'POST',
          path: `/invitations/${id}/resend`,
          key: randomUUID(),
        },
        remoteInvitation,
      );
      if ('answer' in sent) return { ...invitedBy(sent.answer), outcome: 'invited_again' };
      if (sent.problem.code === 'invitation_accepted') {
        return { outcome: 'guest_already', address, id, link: null };
      }
      return refusalOf(sent.problem);
    },
    revokeInvitation: ({ id }) => done({ ...manage, method: 'DELETE', path: `/invitations/${id}` }),
    async reset({ id }, { to, sendMessage }) {
      if (to) throw new TypeError('the API moves nobody to a new address');
      const reset = await api.ask(
        {
          ...manage,
          method: 'POST',
          path: `/users/${id}/resetRedemption`,
          body: { sendInvitationMessage: sendMessage },
          key: randomUUID(),
        },
        remoteInvitation,
      );
      return 'answer' in reset ? invitedBy(reset.answer) : refusalOf(reset.problem);
    },
    change: (change, { id }) => done({ ...manage, ...CHANGES[change](id) }),
    async revokeSessions({ id }) {
      const path = `/users/${id}/revokeSignInSessions`;
      return done({ ...manage, method: 'POST', path, key: randomUUID() });
    },
    // The worker of the server does.
    deliver: () => Promise.resolve(),
  };

  /** @returns false when the guest is not there any more, or something stands against it */
  async function done(request: Parameters<RemoteApi['ask']>[0]): Promise<boolean> {
    const did = await api.ask(request, nothing);
    if ('answer' in did) return true;
    const { status, code, message } = did.problem;
    if (status === 404 || status === 409) return false;
    throw new TypeError(`${code}: ${message}`);
  }
}

/** How each change is asked for. */
const CHANGES: Readonly<
  Record<
    GuestChange,
    (id: string) => {
      readonly method: 'PATCH' | 'DELETE' | 'POST';
      readonly path: string;
      readonly body?: object;
      readonly key?: string;
    }
  >
> = {
  block: (id) => ({ method: 'PATCH', path: `/users/${id}`, body: { accountEnabled: false } }),
  unblock: (id) => ({ method: 'PATCH', path: `/users/${id}`, body: { accountEnabled: true } }),
  remove: (id) => ({ method: 'DELETE', path: `/users/${id}` }),
  restore: (id) => ({
    method: 'POST',
    path: `/directory/deletedItems/${id}/restore`,
    key: randomUUID(),
  }),
};

/** The message is left out: behind an application nobody stands whom the guest could ask (R66). */
function bodyOf(order: InvitationOrder): object {
  const { address, displayName, redirectUrl, language, cc, sendMessage } = order;
  const info = {
    ...(language && { messageLanguage: language }),
    ...(cc && { ccRecipients: [{ emailAddress: { address: cc.address } }] }),
  };
  return {
    invitedUserEmailAddress: address.address,
    ...(displayName && { invitedUserDisplayName: displayName }),
    ...(redirectUrl && { inviteRedirectUrl: redirectUrl }),
    ...(Object.keys(info).length > 0 && { invitedUserMessageInfo: info }),
    sendInvitationMessage: sendMessage,
  };
}

function resetOf({ id }: KnownGuest): object {
  return { resetRedemption: true, invitedUser: { id } };
}

function invitedBy({
  guest,
  isPending,
  isReset,
  link,
}: z.output<typeof remoteInvitation>): Invited {
  const { address, id } = guest;
  if (!isPending) return { outcome: 'guest_already', address, id, link: null };
  return { outcome: isReset ? 'reset' : 'invited', address, id, link };
}
