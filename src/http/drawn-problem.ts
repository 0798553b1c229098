// Owns what a page says is wrong, or worth noticing: the sentence, and the field it is about.

import { errorTable, type ErrorCode } from '../domain/errors.ts';
import type { Translate } from '../i18n.ts';
import type { Page, Problem } from './page.ts';

/** A problem or notice as the views draw it. */
export interface DrawnProblem {
  readonly text: string;
  /** Id of the field it is about; null when it is about none. */
  readonly field: 'code' | 'email' | null;
  /** Drawn as a notice: nothing went wrong. */
  readonly notice: boolean;
}

/** From this many attempts left the page says how many; before, the number only worries. */
const TRIES_WORTH_SAYING = 2;

/** What the sentence of an error is filled with and picked by on one page. Pure. */
export function errorParams(
  page: Page,
  code: ErrorCode,
  params: Problem['params'] = {},
): Readonly<Record<string, unknown>> {
  // The sentence with both addresses cannot be said where they are not known.
  if (code === 'upstream_address_other' && params['asserted'] && params['address']) {
    return { ...params, context: 'named' };
  }
  const known =
    page.page === 'enter-code'
      ? { digits: page.digits, ...(page.strong && { context: 'strong' }), ...params }
      : params;
  const { count, ...rest } = known as { readonly count?: unknown };
  const isSilent = code === 'passcode_mismatch' && Number(count) > TRIES_WORTH_SAYING;
  return isSilent ? rest : known;
}

/** Puts the problem of a page into words. Pure. */
export function drawnProblem(
  page: Page,
  problem: Problem,
  errorText: (code: ErrorCode, params: Problem['params']) => string,
): DrawnProblem {
  const hasCodeField = page.page === 'enter-code' && page.live;
  const isAboutCode = hasCodeField && problem.code.startsWith('passcode_');
  const isAboutAddress = page.page === 'address' && problem.code.startsWith('address_');
  return {
    text: errorText(problem.code, problem.params),
    field: isAboutCode ? 'code' : isAboutAddress ? 'email' : null,
    // Asking a little early is no mistake of the guest.
    notice: problem.code === 'resend_too_soon',
  };
}

/** Puts the good news of a page into words, where it has any. Pure. */
export function drawnNotice(page: Page, t: Translate): DrawnProblem | null {
  return 'notice' in page && page.notice
    ? { text: t(`page.notice.${page.notice}`), field: null, notice: true }
    : null;
}

/** Picks the heading of the error page: whose fault it is. Pure. */
export function errorTitle(code: ErrorCode): 'fault' | 'app' | 'missing' | 'request' {
  if (code === 'request_refused') return 'app';
  if (code === 'not_found') return 'missing';
  return errorTable[code].status < 500 ? 'request' : 'fault';
}
