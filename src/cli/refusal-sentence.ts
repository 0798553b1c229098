// Owns what people at the terminal are told of an error code.

import type { ErrorCode } from '../domain/errors.ts';
import { createTranslator } from '../i18n.ts';

/** The sentence of a code, as a page would show it to somebody who reads English. */
export function refusalSentence(code: ErrorCode, tenantName: string): string {
  return createTranslator().in('en')(`error.${code}`, { tenant: tenantName });
}
