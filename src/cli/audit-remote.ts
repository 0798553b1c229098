// Owns reading the audit trail through the admin API of a running server.

import { z } from 'zod';
import type { AuditEntry } from '../telemetry/audit-entry.ts';
import type { TailOptions, TailQuestion } from './audit.ts';
import { passes, secondsOf } from './instant.ts';
import { EXIT, misused, type Output } from './output.ts';
import { createRemoteApi, type RemoteApi } from './remote-api.ts';
import { readRemotePlace } from './remote-place.ts';
import { createRemoteRecords } from './remote-records.ts';

const POLL_MS = 2_000;
/** With several writers an entry may come to light behind a later one: so many seconds are read again. */
const OVERLAP = 60;

/** An entry, but for what every entry here has alike. */
type Told = Omit<AuditEntry, 'tenant' | 'addressHash'>;

const text = z.string().nullable();
const common = { id: z.string(), activityDisplayName: z.string(), correlationId: text };

const signIn = z
  .object({
    ...common,
    createdDateTime: z.string(),
    userId: text,
    mail: text,
    appId: text,
    ipAddress: text,
    status: z.object({ outcome: text, errorCode: text }),
    decision: z.object({ row: text, rule: text }),
  })
  .transform((said): Told => ({
    id: said.id,
    at: secondsOf(said.createdDateTime),
    event: said.activityDisplayName,
    actor: null,
    subject: said.userId,
    client: said.appId,
    ...said.status,
    ...said.decision,
    reference: said.correlationId,
    address: said.mail,
    network: said.ipAddress,
    detail: {},
  }));

const directoryAudit = z
  .object({
    ...common,
    activityDateTime: z.string(),
    initiatedBy: z.object({ displayName: text }),
    targetResources: z.array(z.object({ id: z.string() })),
    result: text,
    resultReason: text,
    additionalDetails: z.array(z.object({ key: z.string(), value: z.string() })),
  })
  .transform((said): Told => ({
    id: said.id,
    at: secondsOf(said.activityDateTime),
    event: said.activityDisplayName,
    actor: said.initiatedBy.displayName,
    subject: said.targetResources[0]?.id ?? null,
    client: null,
    outcome: said.result,
    errorCode: said.resultReason,
    row: null,
    rule: null,
    reference: said.correlationId,
    address: null,
    network: null,
    detail: Object.fromEntries(said.additionalDetails.map(({ key, value }) => [key, value])),
  }));

/** Tells what the server has of one tenant. @returns the exit code */
export async function tailRemote(
  options: TailOptions & { readonly url: string },
  question: TailQuestion,
  output: Output,
): Promise<number> {
  const { tenant, url } = options;
  if (tenant === undefined) return misused(output, 'name a tenant with --tenant; --url shows one');
  const place = readRemotePlace({ url, tenant });
  if (typeof place === 'string') return misused(output, place);
  const api = createRemoteApi(place);
  const subject = await subjectOf(api, question);
  if (subject === null) return EXIT.fine;
  const { since = 0, event = '', limit, stop, tell } = question;
  const isWanted = (entry: AuditEntry) => entry.at >= since && entry.event.startsWith(event);
  const began = Math.floor(Date.now() / 1000);
  const past = await gather(
    api,
    subject,
    ({ at }, wanted) => {
      return at >= since && (wanted.length < limit || at >= began - OVERLAP);
    },
    isWanted,
  );
  const shown = past.filter(isWanted).slice(0, limit).toReversed();
  for (const entry of shown) tell(entry);
  let told = past;
  while (question.follow && (await passes(POLL_MS, stop))) {
    const floor = (told[0]?.at ?? began) - OVERLAP;
    const known = new Set(told.map(({ id }) => id));
    const found = await gather(api, subject, ({ at }) => at >= floor, isWanted);
    const news = found.filter((entry) => !known.has(entry.id) && entry.at >= floor);
    for (const entry of news.toReversed()) if (isWanted(entry)) tell(entry);
    told = [...news, ...told].filter(({ at }) => at >= floor);
  }
  return EXIT.fine;
}

/** @returns the guest whose entries are asked for; null for an address that is nobody's */
async function subjectOf(
  api: RemoteApi,
  { address }: TailQuestion,
): Promise<string | null | undefined> {
  if (!address) return undefined;
  const records = createRemoteRecords(api);
  const guest = (await records.find(address)) ?? (await records.findRemoved(address))[0];
  return guest?.id ?? null;
}

/** Reads both logs, newest first, each until it is enough. */
async function gather(
  api: RemoteApi,
  subject: string | undefined,
  isMore: (entry: AuditEntry, wanted: readonly AuditEntry[]) => boolean,
  isWanted: (entry: AuditEntry) => boolean,
): Promise<readonly AuditEntry[]> {
  const logs = [
    ['/auditLogs/signIns', signIn],
    ['/auditLogs/directoryAudits', directoryAudit],
  ] as const;
  const found: AuditEntry[] = [];
  for (const [path, schema] of logs) {
    const wanted: AuditEntry[] = [];
    const query = { $filter: subject === undefined ? undefined : `userId eq '${subject}'` };
    const request = { scopes: ['audit.read'], path, query } as const;
    for await (const said of api.list(request, schema)) {
      const entry = { tenant: api.tenant, addressHash: null, ...said };
      if (!isMore(entry, wanted)) break;
      found.push(entry);
      if (isWanted(entry)) wanted.push(entry);
    }
  }
  return found.toSorted((a, b) => b.at - a.at);
}
