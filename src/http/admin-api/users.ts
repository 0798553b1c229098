// Owns `/users`: the guests of a tenant.

import { z } from 'zod';
import type { Administration } from '../../guests/administration.ts';
import { shownNameField } from '../../settings/fields.ts';
import type { Guest, GuestStore } from '../../storage/store.ts';
import {
  type Call,
  type Named,
  type Operation,
  operationWithBody,
  type Outcome,
} from './operation.ts';
import { isProblem, nowhere } from './problem.ts';
import { readUserQuery, userParameters } from './user-query.ts';
import { userOf, userSchema } from './user.ts';

const user: Named = { name: 'user', schema: userSchema };

const users: Named = {
  name: 'userCollection',
  schema: z.strictObject({
    value: z.array(userSchema),
    '@odata.nextLink': z.string().optional().describe('Where the list goes on.'),
  }),
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
      query: userParameters,
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
      summary: 'Removes a guest; restorable for 30 days by the command line.',
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
    const query = readUserQuery(call.query);
    if (isProblem(query)) return query;
    // One more than asked for tells whether the list goes on.
    const found = await guests.list(call.tenant.id, { ...query, limit: query.limit + 1 });
    const shown = found.slice(0, query.limit);
    const last = shown.at(-1);
    const value = shown.map((guest) => userOf(guest));
    if (found.length === shown.length || !last) return { value };
    const next = new URLSearchParams({ ...call.query, $skiptoken: last.id });
    return { value, '@odata.nextLink': `${call.base}/users?${next.toString()}` };
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
