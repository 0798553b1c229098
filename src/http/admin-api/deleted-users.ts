// Owns `/directory/deletedItems`: guests who were removed and can still come back.

import { z } from 'zod';
import { type Clock, instantOf } from '../../domain/clock.ts';
import type { Administration } from '../../guests/administration.ts';
import { isRestorable } from '../../storage/guest-rows.ts';
import type { Guest, GuestStore } from '../../storage/store.ts';
import { answerList, pageParameters, readKey, readListQuery } from './list.ts';
import type { Call, Operation, Outcome } from './operation.ts';
import { isProblem, nowhere, problem } from './problem.ts';
import { userOf, userSchema } from './user.ts';

const PATH = '/directory/deletedItems/microsoft.graph.user';
const FILTER = "mail eq '…', alone.";

const deletedUser = userSchema.extend({
  deletedDateTime: z.string().describe('30 days later the guest is gone for good.'),
});

const deletedUsers = z.strictObject({
  value: z.array(deletedUser),
  '@odata.nextLink': z.string().optional().describe('Where the list goes on.'),
});

export interface DeletedUserOperationsDeps {
  readonly guests: Pick<GuestStore, 'find' | 'listRestorable'>;
  readonly administration: Pick<Administration, 'restore'>;
  readonly clock: Clock;
}

/** @source rules R44, R77; S33 */
export function createDeletedUserOperations(deps: DeletedUserOperationsDeps): readonly Operation[] {
  const { guests, administration, clock } = deps;
  return [
    {
      name: 'listDeletedUsers',
      method: 'GET',
      path: PATH,
      scope: 'guests.read',
      summary: 'Lists guests who were removed and can be restored, by id.',
      query: { $filter: FILTER, ...pageParameters },
      status: 200,
      answer: { name: 'deletedUserCollection', schema: deletedUsers },
      problems: [],
      run: (call) => list(call),
    },
    {
      name: 'restoreDeletedItem',
      method: 'POST',
      path: '/directory/deletedItems/{id}/restore',
      scope: 'guests.manage',
      summary: 'Brings a removed guest back, as they were; sessions stay ended.',
      status: 200,
      answer: { name: 'user', schema: userSchema },
      problems: [404, 409, 422],
      run: (call) => restore(call),
    },
  ];

  async function list(call: Call<unknown>): Promise<Outcome> {
    const asked = readListQuery<{ readonly address: string }>(
      call.query,
      {
        mail: (value) => {
          const address = readKey(value);
          return isProblem(address) ? address : { address };
        },
      },
      FILTER,
    );
    if (isProblem(asked)) return asked;
    const find = (limit: number) =>
      guests.listRestorable(call.tenant.id, { ...asked, limit }, clock());
    return answerList(call, PATH, asked.limit, find, deletedUserOf);
  }

  async function restore({ tenant, id, actor }: Call<unknown>): Promise<Outcome> {
    const guest = await guests.find(tenant.id, id);
    if (!guest || !isRestorable(guest, clock())) return nowhere;
    if (!(await administration.restore(tenant, guest, actor))) {
      const message = 'Another guest has the address, or the account elsewhere, by now.';
      return problem(409, message, 'address_taken');
    }
    return userOf({ ...guest, removedAt: null });
  }
}

function deletedUserOf(guest: Guest): z.infer<typeof deletedUser> {
  return { ...userOf(guest), deletedDateTime: instantOf(guest.removedAt ?? 0) };
}
