// Owns what a command tells whoever called it: lines, and how it ended.

import type { ErrorCode } from '../domain/errors.ts';
import type { Tenant } from '../domain/tenant.ts';
import { createTranslator } from '../i18n.ts';

/** Where lines go, each without its end. */
export interface Output {
  /** What was asked for; another program may read it. */
  readonly say: (line: string) => void;
  /** Everything else: notices, refusals, the log. */
  readonly warn: (line: string) => void;
  /** How many columns a person sees of what is said; undefined when a program reads it. */
  readonly columns?: number;
  /** Writes over the line it wrote last, on a terminal; an empty text takes the line away. */
  readonly redraw?: (text: string) => void;
}

/** The terminal. */
export const terminal: Output = {
  say: (line) => void process.stdout.write(`${line}\n`),
  warn: (line) => void process.stderr.write(`${line}\n`),
  ...(process.stdout.isTTY
    ? {
        columns: process.stdout.columns,
        redraw: (text: string) => void process.stdout.write(`\r\x1b[2K${text}`),
      }
    : {}),
};

/** 0 fine · 1 a problem was found · 2 wrong usage · 3 the database cannot be reached. */
export const EXIT = { fine: 0, problem: 1, usage: 2, unreachable: 3 } as const;

/** Ends a command that was called with something it cannot take. @returns the exit code */
export function misused({ warn }: Output, message: string): number {
  warn(message);
  return EXIT.usage;
}

/** Ends a command that found a problem. @returns the exit code */
export function failed({ warn }: Output, message: string): number {
  warn(message);
  return EXIT.problem;
}

/**
 * Ends a command whose guest was refused, as `address  code  sentence`. @returns the exit code
 *
 * @param sentence default what people are told of the code
 */
export function refused(
  output: Output,
  address: string,
  code: ErrorCode,
  tenant: Tenant,
  sentence: string = sentenceOf(code, tenant),
): number {
  return failed(output, `${address}  ${code}  ${sentence}`);
}

function sentenceOf(code: ErrorCode, { displayName }: Tenant): string {
  return createTranslator().in('en')(`error.${code}`, { tenant: displayName });
}
