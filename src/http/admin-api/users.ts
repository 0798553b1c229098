// Owns `/users`: the guests of a tenant.

import { z } from 'zod';
import type { Administration } from '../../guests/administration.ts';
import { shownNameField } from '../../settings/fields.ts';
import type { Guest, GuestStore } from '../../storage/store.ts';
import { answerList, pageParameters, readKey, type ReadClause, readListQuery } from './list.ts';
import {
  type Call,
  type Named,
  type Operation,
  operationWithBody,
  type Outcome,
} from './operation.ts';
import { isProblem, nowhere } from './problem.ts';
import { userOf, userSchema } from './user.ts';

const user: Named = { name: 'user', schema: userSchema };

const users: Named = {
  name: 'userCollection',
  schema: z.strictObject({
    value: z.array(userSchema),
    '@odata.nextLink': z.string().optional().describe('Where the list goes on.'),
  }),
};

const FILTER =
  "userType eq 'Guest', externalUserState eq 'PendingAcceptance' or 'Accepted', mail eq '…', " +
  "otherMails/any(m:m eq '…'); joined by and.";

/** What a list of users can ask of the store. */
type Asked = Pick<Parameters<GuestStore['list']>[1], 'state' | 'address' | 'otherAddress'>;

const clauses: Readonly<Record<string, ReadClause<Asked>>> = {
  // Everybody here is a guest: a list of members would be empty, and look like an answer.
  userType: (value) => (value === 'Guest' ? {} : undefined),
  externalUserState: (state) =>
    state === 'PendingAcceptance' || state === 'Accepted' ? { state } : undefined,
  mail: (value) => {
    const address = readKey(value);
    return isProblem(address) ? address : { address };
  },
  'otherMails/any': (value) => {
    const otherAddress = readKey(value);
    return isProblem(otherAddress) ? otherAddress : { otherAddress };
  },
};

const changes = z.strictObject({
  accountEnabled: z
    .boolean()
    .optional()
    .describe('False blocks the guest and ends every session; true lifts that.'),
  displayName: shownNameField.nullable().optional(),
});

export interface UserOperationsDeps {
  readonly guests: Pick<GuestStore, 'find' | 'list' | 'listAddresses'>;
  readonly administration: Pick<
    Administration,
    'block' | 'unblock' | 'remove' | 'rename' | 'revoke'
  >;
}

/** @source rules R44, R68, R69, R77; S33 */
export function createUserOperations({
  guests,
  administration,
}: UserOperationsDeps): readonly Operation[] {
  return [
    {
      name: 'listUsers',
      method: 'GET',
      path: '/users',
      scope: 'guests.read',
      summary: 'Lists the guests of the tenant, by id.',
      query: { $filter: FILTER, ...pageParameters },
      status: 200,
      answer: users,
      problems: [],
      run: (call) => list(call),
    },
    {
      name: 'getUser',
      method: 'GET',
      path: '/users/{id}',
      scope: 'guests.read',
      summary: 'Tells about one guest.',
      status: 200,
      answer: user,
      problems: [404],
      run: (call) =>
        withGuest(call, async (guest) =>
          userOf(guest, await guests.listAddresses(guest.tenant, guest.id)),
        ),
    },
    operationWithBody({
      name: 'updateUser',
      method: 'PATCH',
      path: '/users/{id}',
      scope: 'guests.manage',
      summary: 'Blocks, unblocks or renames a guest.',
      body: { name: 'userUpdate', schema: changes },
      status: 204,
      problems: [404],
      run: (call) => withGuest(call, (guest) => update(call, guest)),
    }),
    {
      name: 'deleteUser',
      method: 'DELETE',
      path: '/users/{id}',
      scope: 'guests.manage',
      summary: 'Removes a guest; restorable for 30 days.',
      status: 204,
      problems: [404],
      run: (call) =>
        withGuest(call, (guest) => done(administration.remove(call.tenant, guest, call.actor))),
    },
    {
      name: 'revokeSignInSessions',
      method: 'POST',
      path: '/users/{id}/revokeSignInSessions',
      scope: 'guests.manage',
      summary: 'Ends sessions, tokens and live passcodes of a guest.',
      status: 200,
      answer: { name: 'revoked', schema: z.strictObject({ value: z.literal(true) }) },
      problems: [404, 409, 422],
      run: (call) =>
        withGuest(call, async (guest) =>
          (await administration.revoke(call.tenant, guest, call.actor)) ? { value: true } : nowhere,
        ),
    },
  ];

  async function list(call: Call<unknown>): Promise<Outcome> {
    const asked = readListQuery(call.query, clauses, FILTER);
    if (isProblem(asked)) return asked;
    const find = (limit: number) => guests.list(call.tenant.id, { ...asked, limit });
    return answerList(call, '/users', asked.limit, find, (guest) => userOf(guest));
  }

  async function update(call: Call<z.infer<typeof changes>>, guest: Guest): Promise<Outcome> {
    const { tenant, actor, body } = call;
    const { displayName, accountEnabled } = body;
    const isThere =
      displayName === undefined || (await administration.rename(tenant, guest, displayName, actor));
    if (!isThere || accountEnabled === undefined) return isThere ? undefined : nowhere;
    return done(
      accountEnabled
        ? administration.unblock(tenant, guest, actor)
        : administration.block(tenant, guest, actor),
    );
  }

  async function withGuest(
    { tenant, id }: Pick<Call<unknown>, 'tenant' | 'id'>,
    act: (guest: Guest) => Promise<Outcome>,
  ): Promise<Outcome> {
    const guest = await guests.find(tenant.id, id);
    return guest && guest.removedAt === null ? act(guest) : nowhere;
  }
}

async function done(change: Promise<boolean>): Promise<Outcome> {
  return (await change) ? undefined : nowhere;
}
