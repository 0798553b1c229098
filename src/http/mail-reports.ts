// Owns where a relay, or a program beside it, tells what became of a mail. On the private listener
// alone, for whoever knows the key.

import { createHash, timingSafeEqual } from 'node:crypto';
import type { Middleware } from 'koa';
import { z } from 'zod';
import type { TakeReport } from '../mail/reports.ts';
import { decodeKey } from '../settings/secrets.ts';
import type { Log } from '../telemetry/log.ts';
import { readBody } from './admin-api/body.ts';
import { answerProblem, isProblem, problem } from './admin-api/problem.ts';
import { createReference } from './errors.ts';

export interface MailReportsDeps {
  readonly takeReport: TakeReport;
  /** Undefined: nobody may report, and the path is not there. */
  readonly key: Buffer | undefined;
  readonly log: Log;
  readonly clock: () => number;
}

const PATH = '/mail-reports';
const BEARER = /^Bearer +(\S{1,512})$/i;

const reportSchema = z.strictObject({
  id: z.string().max(320),
  event: z.enum(['bounced', 'delayed', 'complained']),
  status: z.string().max(16).optional(),
});

/**
 * `POST /mail-reports` with `{ id, event, status }`. The answer is 204 whether or not there is such a
 * mail: whoever relays a report has nothing to do about one that is too old.
 *
 * @source S61, S64
 */
export function createMailReports(deps: MailReportsDeps): Middleware {
  const { takeReport, key, log, clock } = deps;
  return async (ctx, next) => {
    if (ctx.path !== PATH || key === undefined) return next();
    const reference = createReference();
    ctx.set('Cache-Control', 'no-store');
    ctx.set('request-id', reference);
    const refuse = (found: ReturnType<typeof problem>) =>
      answerProblem(ctx, found, reference, clock());
    const [, given] = BEARER.exec(ctx.get('authorization')) ?? [];
    if (given === undefined || !isKey(given, key)) {
      ctx.set('WWW-Authenticate', 'Bearer');
      return refuse(problem(401, 'Send the key of mail.reportKey.'));
    }
    if (ctx.method !== 'POST') return refuse(problem(405, 'POST here.'));
    try {
      const read = await readBody(ctx, reportSchema);
      if (isProblem(read)) return refuse(read);
      const { id, event, status } = reportSchema.parse(read.json);
      await takeReport({ id, what: event, ...(status !== undefined && { status }) });
      ctx.status = 204;
    } catch (error) {
      log.error('admin.failed', { reference, method: ctx.method, error });
      refuse(problem(503, 'It could not be kept; try again.'));
    }
  };
}

/** Compared as digests: neither length nor first difference shows in the time. */
function isKey(given: string, key: Buffer): boolean {
  return timingSafeEqual(digestOf(decodeKey(Buffer.from(given))), digestOf(key));
}

function digestOf(bytes: Buffer): Buffer {
  return createHash('sha256').update(bytes).digest();
}
