// Owns how the admin API says no: in the shape of Microsoft Graph, so that its clients understand.

import type { Context } from 'koa';
import { z } from 'zod';
import { instantOf } from '../../domain/clock.ts';
import { type ErrorCode, errorTable } from '../../domain/errors.ts';

/** Graph's word for a status; programs branch on it. */
const CODES = {
  400: 'BadRequest',
  401: 'InvalidAuthenticationToken',
  403: 'Authorization_RequestDenied',
  404: 'Request_ResourceNotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  422: 'UnprocessableEntity',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
} as const;

/** What can be said against an administrator alone; the rest of the codes are those of `errorTable`. */
export type AdminCode =
  /** The change would keep guests out; `lockOut=accept` makes it all the same. */
  | 'locks_out_guests'
  /** The invitation was accepted: it can neither be withdrawn nor sent again. */
  | 'invitation_accepted'
  /** Another guest has the address, or the account elsewhere, by now. */
  | 'address_taken';

/** A status this API answers problems with. */
export type ProblemStatus = keyof typeof CODES;

/** A request that was refused. */
export interface Problem {
  readonly problem: ProblemStatus;
  /** One plain sentence; never what the caller sent, but for names of fields. */
  readonly message: string;
  /** What happened in this server's own words. */
  readonly code?: ErrorCode | AdminCode;
  /** Who would be kept out. */
  readonly lockOuts?: readonly LockOut[];
}

/** Guests who would be kept out by a change. */
export type LockOut = z.infer<typeof lockOut>;

const lockOut = z.strictObject({
  effect: z
    .enum(['notice', 'may_lock_out', 'one_application', 'cannot_redeem', 'locked_out'])
    .describe('From nobody at all to everybody counted.'),
  count: z.number().describe('How many guests.'),
  method: z.string().nullable().describe('What they redeemed by; null for who has not.'),
  message: z.string().describe('What becomes of them, why, and what to do.'),
  remedy: z.string().describe('What to do, with the command where there is one.'),
});

/** What is answered. */
export const problemSchema = z.strictObject({
  error: z.strictObject({
    code: z.string().describe('Says what kind of problem it is, as Graph does.'),
    message: z.string().describe('One sentence for people.'),
    innerError: z.strictObject({
      code: z.string().optional().describe("This server's own code, where it has one."),
      lockOuts: z.array(lockOut).optional().describe('With `locks_out_guests`.'),
      'request-id': z.string().describe('Found in the log.'),
      date: z.string().describe('When, in UTC.'),
    }),
  }),
});

/** Makes a problem. */
export function problem(status: ProblemStatus, message: string, code?: AdminCode): Problem {
  return { problem: status, message, ...(code !== undefined && { code }) };
}

/** Tells a problem from the body of a success. */
export function isProblem(outcome: unknown): outcome is Problem {
  return typeof outcome === 'object' && outcome !== null && 'problem' in outcome;
}

/** What a refusal of the house is here. */
export function refusal(code: ErrorCode): Problem {
  const { status } = errorTable[code];
  const known = Object.hasOwn(CODES, status) ? (status as ProblemStatus) : 400;
  return {
    problem: known,
    message: `The request was refused: ${code.replaceAll('_', ' ')}.`,
    code,
  };
}

/** No such object, or one of another tenant: nobody is told which (S33). */
export const nowhere: Problem = problem(404, 'There is no such object.');

/**
 * Answers with a problem.
 *
 * @param reference names the request in the log
 * @param now epoch seconds
 */
export function answerProblem(ctx: Context, found: Problem, reference: string, now: number): void {
  ctx.status = found.problem;
  ctx.body = {
    error: {
      code: CODES[found.problem],
      message: found.message,
      innerError: {
        ...(found.code !== undefined && { code: found.code }),
        ...(found.lockOuts && { lockOuts: [...found.lockOuts] }),
        'request-id': reference,
        date: instantOf(now),
      },
    },
  } satisfies z.infer<typeof problemSchema>;
}
