// Owns what a request may carry: one small JSON object, and query parameters said once.

import type { Context } from 'koa';
import type { z } from 'zod';
import type { Operation } from './operation.ts';
import { isProblem, type Problem, problem } from './problem.ts';

const MAX_BYTES = 16 * 1024;
const MAX_ISSUES = 3;
const MAX_PARAMETER = 1024;
// Control characters, and what URLSearchParams puts for bytes that are no UTF-8.
const UNREADABLE = /[\p{Cc}\uFFFD]/u;

/**
 * Reads the JSON body of a request.
 *
 * @returns a {@link Problem} for another media type, more than 16 KiB, or what is not JSON; an empty
 *   object for an empty body
 */
export async function readJson(ctx: Context): Promise<{ readonly json: unknown } | Problem> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of ctx.req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > MAX_BYTES) return problem(413, 'The body is larger than 16 KiB.');
    parts.push(part);
  }
  if (size === 0) return { json: {} };
  if (!ctx.is('application/json')) return problem(415, 'Send application/json.');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts));
    return { json: JSON.parse(text) as unknown };
  } catch {
    return problem(400, 'The body is not JSON.');
  }
}

/** Checks a body; unknown fields are refused: what is not understood must not look done. */
export async function readBody(
  ctx: Context,
  schema: z.ZodType | undefined,
): Promise<{ readonly json: unknown } | Problem> {
  const read = await readJson(ctx);
  if (isProblem(read)) return read;
  if (!schema) {
    const isEmpty = JSON.stringify(read.json) === '{}';
    return isEmpty ? { json: undefined } : problem(400, 'This operation takes no body.');
  }
  const checked = schema.safeParse(read.json);
  if (checked.success) return { json: read.json };
  const issues = checked.error.issues.slice(0, MAX_ISSUES);
  const said = issues.map(({ path, message }) => `${path.join('.') || 'body'}: ${message}`);
  return problem(400, said.join('; '));
}

/**
 * Reads the query parameters an operation takes; any other, any said twice, and any that is missing
 * though the operation needs it, is refused.
 *
 * @source security requirement S61
 */
export function readQuery(
  ctx: Context,
  { query: allowed = {}, needs = [] }: Pick<Operation, 'query' | 'needs'>,
): { readonly query: Readonly<Record<string, string>> } | Problem {
  const query: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(ctx.querystring)) {
    if (!Object.hasOwn(allowed, name)) {
      const known = Object.keys(allowed).join(', ') || 'none';
      return problem(400, `There is no such query parameter here; known: ${known}.`);
    }
    if (Object.hasOwn(query, name)) return problem(400, `${name} is said twice.`);
    if (value.length > MAX_PARAMETER || UNREADABLE.test(value)) {
      return problem(400, `${name} is longer than ${MAX_PARAMETER} characters, or not readable.`);
    }
    query[name] = value;
  }
  const missing = needs.find((name) => !Object.hasOwn(query, name));
  if (missing !== undefined) return problem(400, `The query parameter ${missing} is missing.`);
  return { query };
}
