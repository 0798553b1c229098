// Owns `/auditLogs`: what happened, newest first, in the words of the audit trail.

import { z } from 'zod';
import { instantOf } from '../../domain/clock.ts';
import type { AuditStore, StoredAuditEntry } from '../../storage/store.ts';
import type { Call, Operation, Outcome } from './operation.ts';
import { isProblem, problem } from './problem.ts';
import { readTop } from './list.ts';

/** How the events of a guest's way in begin; what an administrator does is the rest. */
const SIGN_INS = ['sign-in.', 'passcode.', 'upstream.', 'consent.'];
const CHANGES = ['guest.', 'invitation.', 'policy.', 'tenant.', 'admin.'];

const parameters = {
  $filter: "userId eq '…', alone.",
  $top: 'Most objects in one answer, 1 to 999; default 100.',
  $skiptoken: 'From @odata.nextLink.',
} as const;

const nextLink = z.string().optional().describe('Where the list goes on, into the past.');

const signIns = z.strictObject({
  value: z.array(
    z.strictObject({
      id: z.string(),
      createdDateTime: z.string(),
      activityDisplayName: z.string().describe('The event, as in the log.'),
      userId: z.string().nullable(),
      mail: z.string().nullable().describe('Masked.'),
      appId: z.string().nullable(),
      ipAddress: z.string().nullable().describe('The network, without its end.'),
      status: z.strictObject({
        outcome: z.string().nullable(),
        errorCode: z.string().nullable(),
      }),
      decision: z
        .strictObject({ row: z.string().nullable(), rule: z.string().nullable() })
        .describe('Row of the decision table, and the rule it stands on.'),
      correlationId: z.string().nullable().describe('The reference people read on the page.'),
    }),
  ),
  '@odata.nextLink': nextLink,
});

const directoryAudits = z.strictObject({
  value: z.array(
    z.strictObject({
      id: z.string(),
      activityDateTime: z.string(),
      activityDisplayName: z.string().describe('The event, as in the log.'),
      initiatedBy: z.strictObject({ displayName: z.string().nullable() }),
      targetResources: z.array(z.strictObject({ id: z.string(), type: z.literal('User') })),
      result: z.string().nullable(),
      resultReason: z.string().nullable(),
      correlationId: z.string().nullable(),
      additionalDetails: z.array(z.strictObject({ key: z.string(), value: z.string() })),
    }),
  ),
  '@odata.nextLink': nextLink,
});

export interface AuditOperationsDeps {
  readonly audit: Pick<AuditStore, 'list'>;
}

/** @source security requirements S33, S64, S65 */
export function createAuditOperations({ audit }: AuditOperationsDeps): readonly Operation[] {
  const common = {
    method: 'GET',
    scope: 'audit.read',
    query: parameters,
    status: 200,
    problems: [],
  } as const;
  return [
    {
      ...common,
      name: 'listSignIns',
      path: '/auditLogs/signIns',
      summary: 'Tells what guests did on their way in, newest first.',
      answer: { name: 'signInCollection', schema: signIns },
      run: (call) => list(call, '/auditLogs/signIns', SIGN_INS, signInOf),
    },
    {
      ...common,
      name: 'listDirectoryAudits',
      path: '/auditLogs/directoryAudits',
      summary: 'Tells what was done to guests and policies, newest first.',
      answer: { name: 'directoryAuditCollection', schema: directoryAudits },
      run: (call) => list(call, '/auditLogs/directoryAudits', CHANGES, changeOf),
    },
  ];

  async function list(
    { tenant, query, base }: Call<unknown>,
    path: string,
    events: readonly string[],
    tell: (entry: StoredAuditEntry) => object,
  ): Promise<Outcome> {
    const limit = readTop(query);
    if (isProblem(limit)) return limit;
    const { $skiptoken, $filter } = query;
    if ($skiptoken !== undefined && !/^[1-9]\d{0,14}$/.test($skiptoken)) {
      return problem(400, '$skiptoken is none that was given out.');
    }
    const subject = /^userId eq '([\w-]{1,64})'$/.exec($filter ?? '')?.[1];
    if ($filter !== undefined && subject === undefined) {
      return problem(400, `$filter knows ${parameters.$filter}`);
    }
    const asked = {
      tenant: tenant.id,
      order: 'newest',
      limit: limit + 1,
      ...($skiptoken !== undefined && { after: Number($skiptoken) }),
      ...(subject !== undefined && { subject }),
    } as const;
    const found = await Promise.all(events.map((event) => audit.list({ ...asked, event })));
    const entries = found.flat().toSorted((a, b) => b.position - a.position);
    const shown = entries.slice(0, limit);
    const last = shown.at(-1);
    const value = shown.map(tell);
    if (entries.length === shown.length || !last) return { value };
    const next = new URLSearchParams({ ...query, $skiptoken: String(last.position) });
    return { value, '@odata.nextLink': `${base}${path}?${next.toString()}` };
  }
}

function signInOf(entry: StoredAuditEntry): z.infer<typeof signIns>['value'][number] {
  return {
    id: entry.id,
    createdDateTime: instantOf(entry.at),
    activityDisplayName: entry.event,
    userId: entry.subject,
    mail: entry.address,
    appId: entry.client,
    ipAddress: entry.network,
    status: { outcome: entry.outcome, errorCode: entry.errorCode },
    decision: { row: entry.row, rule: entry.rule },
    correlationId: entry.reference,
  };
}

function changeOf(entry: StoredAuditEntry): z.infer<typeof directoryAudits>['value'][number] {
  return {
    id: entry.id,
    activityDateTime: instantOf(entry.at),
    activityDisplayName: entry.event,
    initiatedBy: { displayName: entry.actor },
    targetResources: entry.subject === null ? [] : [{ id: entry.subject, type: 'User' }],
    result: entry.outcome,
    resultReason: entry.errorCode,
    correlationId: entry.reference,
    additionalDetails: Object.entries(entry.detail).map(([key, value]) => ({
      key,
      value: typeof value === 'string' ? value : JSON.stringify(value),
    })),
  };
}
