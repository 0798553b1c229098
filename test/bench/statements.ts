// Owns `npm run bench -- --statements`: which statements one sign-in sends to the database, counted
// at the drivers. A count is exact on any machine, however busy it is.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage } from 'node:http';
import { StatementSync } from 'node:sqlite';
import { templateOf } from '../../src/server/route-template.ts';

/** A statement as it is told apart: by verb, table and, for records of the engine, model. */
export interface Statement {
  readonly verb: string;
  readonly table: string;
}

/** What one request of a sign-in sent. */
export interface StepCount {
  /** e.g. `GET /{tenant}/v2.0/auth` */
  readonly step: string;
  readonly reads: readonly Statement[];
  readonly writes: readonly Statement[];
  /** Times the database had to keep something: transactions that wrote, and writes on their own. */
  readonly commits: number;
  /** Statements, and what begins and ends transactions. */
  readonly roundTrips: number;
}

/** Counts while it lasts. */
export interface StatementCount {
  /** The steps so far, and last what no request waited for. */
  steps(): readonly StepCount[];
  stop(): void;
}

interface Context {
  readonly step: string;
  readonly reads: Statement[];
  readonly writes: Statement[];
  commits: number;
  roundTrips: number;
  /** Transactions and savepoints that are open. */
  depth: number;
  hasWritten: boolean;
}

/** No request waits for these: mails are delivered and the audit trail is written behind them. */
const BEHIND = 'behind';
const REQUESTS = 'http.server.request.start';
const MYSQL = ['tracing:mysql2:execute:start', 'tracing:mysql2:query:start'] as const;

/**
 * Counts the statements of every server of this process from now on, by the request that sent them.
 * One sign-in at a time: what two requests write together would be one's.
 */
export function countStatements(): StatementCount {
  const requests = new AsyncLocalStorage<Context>();
  const steps: Context[] = [];
  const behind = contextOf(BEHIND);

  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage };
    const step = contextOf(`${request.method} ${templateOf(request.url ?? '') ?? '?'}`);
    steps.push(step);
    requests.enterWith(step);
  };
  const onMysql = (message: unknown): void => {
    const { query, values } = message as { readonly query: string; readonly values?: unknown[] };
    count(query, values ?? []);
  };
  subscribe(REQUESTS, onRequest);
  for (const channel of MYSQL) subscribe(channel, onMysql);
  const restore = watchSqlite(count);

  return {
    steps: () => [...steps, behind],
    stop: () => {
      unsubscribe(REQUESTS, onRequest);
      for (const channel of MYSQL) unsubscribe(channel, onMysql);
      restore();
    },
  };

  function count(sql: string, values: readonly unknown[]): void {
    const request = requests.getStore();
    // A timer from before the first request: the purge, the clock, the look for mails.
    if (!request) return;
    const statement = statementOf(sql, values);
    if (statement === undefined) return;
    if (statement === 'begin' || statement === 'end') {
      request.roundTrips += 1;
      request.depth += statement === 'begin' ? 1 : -1;
      if (request.depth > 0) return;
      request.commits += request.hasWritten ? 1 : 0;
      request.hasWritten = false;
      return;
    }
    const step = isBehind(statement) ? behind : request;
    step.roundTrips += 1;
    if (statement.verb === 'SELECT') {
      step.reads.push(statement);
      return;
    }
    step.writes.push(statement);
    if (step.depth > 0) step.hasWritten = true;
    else step.commits += 1;
  }
}

/** Writes counts as people read them. Pure. */
export function formatStatements(title: string, steps: readonly StepCount[]): string {
  const asked = steps.filter(({ step }) => step !== BEHIND);
  const rows = [...asked, totalOf(asked)].map((step) => [
    step.step,
    String(step.reads.length),
    String(step.writes.length),
    String(step.commits),
    String(step.roundTrips),
    step.step === TOTAL ? '' : sayAll([...step.reads, ...step.writes]),
  ]);
  const behind = steps.find(({ step }) => step === BEHIND);
  const head = [title, 'reads', 'writes', 'commits', 'round trips', 'what'];
  return [
    ...tableOf([head, ...rows]),
    `No request waits for: ${sayAll([...(behind?.reads ?? []), ...(behind?.writes ?? [])])}`,
  ].join('\n');
}

const TOTAL = 'all together';

/** Sums the requests of a sign-in up, without what none of them waits for. Pure. */
export function totalOf(steps: readonly StepCount[]): StepCount {
  const asked = steps.filter(({ step }) => step !== BEHIND);
  const sum = (of: (step: StepCount) => number): number =>
    asked.reduce((all, step) => all + of(step), 0);
  return {
    step: TOTAL,
    reads: asked.flatMap(({ reads }) => reads),
    writes: asked.flatMap(({ writes }) => writes),
    commits: sum(({ commits }) => commits),
    roundTrips: sum(({ roundTrips }) => roundTrips),
  };
}

function contextOf(step: string): Context {
  const counted = { reads: [], writes: [], commits: 0, roundTrips: 0 };
  return { step, ...counted, depth: 0, hasWritten: false };
}

function isBehind({ verb, table }: Statement): boolean {
  return table === 'audit' || (table === 'outbox' && verb !== 'INSERT');
}

function statementOf(
  sql: string,
  values: readonly unknown[],
): Statement | 'begin' | 'end' | undefined {
  if (/^(?:BEGIN|START TRANSACTION|SAVEPOINT)\b/.test(sql)) return 'begin';
  if (/^(?:COMMIT|ROLLBACK|RELEASE)\b/.test(sql)) return 'end';
  const verb = /^(?:SELECT|INSERT|REPLACE|UPDATE|DELETE)\b/.exec(sql)?.[0];
  // What sets a new connection up is not this sign-in's.
  if (verb === undefined) return undefined;
  const table = /\b(?:FROM|INTO|UPDATE) (\w+)/.exec(sql)?.[1] ?? '';
  const model = table === 'oidc_records' ? values.find(isModel) : undefined;
  return { verb, table: model === undefined ? table : `${table} ${model}` };
}

/** Models are named in capitals, tenants are not. */
function isModel(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Z][A-Za-z]+$/.test(value);
}

/** node:sqlite tells nobody of its statements: for a while its methods do. @returns what undoes it */
function watchSqlite(count: (sql: string, values: readonly unknown[]) => void): () => void {
  const { prototype } = StatementSync;
  // oxlint-disable-next-line typescript/unbound-method -- each is called on the statement it is asked of
  const { run, get, all } = prototype;
  const counting = (method: (...values: never[]) => unknown) =>
    function counted(this: StatementSync, ...values: never[]): unknown {
      count(this.sourceSQL, values);
      return method.apply(this, values);
    };
  Object.assign(prototype, { run: counting(run), get: counting(get), all: counting(all) });
  return () => Object.assign(prototype, { run, get, all });
}

function sayAll(statements: readonly Statement[]): string {
  const times = new Map<string, number>();
  for (const { verb, table } of statements) {
    const said = `${verb} ${table}`;
    times.set(said, (times.get(said) ?? 0) + 1);
  }
  return [...times].map(([said, count]) => (count === 1 ? said : `${count} ${said}`)).join(', ');
}

function tableOf(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const last = widths.length - 1;
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0
          ? cell.padEnd(widths[0]!)
          : column === last
            ? cell
            : cell.padStart(widths[column]!),
      )
      .join('  ')
      .trimEnd(),
  );
}
