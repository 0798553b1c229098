// Owns the sample sign-in: its steps are drawn by the room that draws them for guests.

import type { ErrorCode } from '../domain/errors.ts';
import type { MailFate } from '../domain/mail-fate.ts';
import type { Step } from '../domain/sign-in.ts';
import { createSignInPages, type PageVisit } from '../http/interaction-page.ts';
import type { Page } from '../http/page.ts';
import type { Problem } from '../interaction/problem.ts';
import type { SignIn } from '../storage/store.ts';
import { createLog } from '../telemetry/log.ts';
import { ADDRESS, REFERENCE, type Sample } from './sample.ts';

/** How a step differs from the plain one. */
export interface Turn {
  readonly problem?: Problem;
  readonly notice?: 'resent';
  /** The next code is the 16-character one. */
  readonly strong?: boolean;
  readonly address?: string;
  /** What became of the mail; told with a ticket alone. */
  readonly fate?: MailFate;
  /** The relay takes no mail. */
  readonly mailsWait?: boolean;
  /** A ticket fixes the address. */
  readonly invited?: boolean;
  /** The browser is one inside another application. */
  readonly embedded?: boolean;
  readonly client?: Sample['client'];
  readonly scope?: string;
}

export interface SampleWalk {
  /** The page of a step. */
  page(step: Step, turn?: Turn): Page;
  /** The page that says no, before a proof or behind it. */
  refused(code: ErrorCode, row: string | null, proven: boolean): Page;
}

/** Nothing is logged: there is nobody to say anything of. */
export function createSampleWalk(sample: Sample): SampleWalk {
  const { frame, tenant, limits, sender } = sample;
  const pagesOf = (mailsWait: boolean) =>
    createSignInPages({
      limits,
      sender,
      relay: { look: () => undefined, isDown: () => mailsWait },
      log: createLog({ level: 'silent' }),
      clock: () => sample.now,
    });
  const pages = pagesOf(false);

  return {
    page: (step, turn = {}) => {
      const view = {
        step,
        signIn: signInOf(turn.address ?? ADDRESS, turn.strong ?? false, null),
        problem: turn.problem,
        notice: turn.notice,
        fate: turn.fate,
      };
      const client = turn.client ?? sample.client;
      const visit = visitOf(turn);
      const from = turn.mailsWait ? pagesOf(true) : pages;
      return from.pageOf({ visit, frame: { ...frame, clientName: client.name } }, view);
    },
    refused: (code, row, proven) => {
      const signIn = signInOf(ADDRESS, false, proven ? sample.now : null);
      const page = pages.refusedPage({ visit: visitOf({}), frame }, code, row, signIn);
      return 'reference' in page ? { ...page, reference: REFERENCE } : page;
    },
  };

  function visitOf(turn: Turn): PageVisit {
    return {
      tenant,
      client: turn.client ?? sample.client,
      clientAddress: '203.0.113.9',
      browserFamily: () => ({ browser: 'Chrome', system: 'Windows' }),
      isEmbedded: turn.embedded ?? false,
      invited: turn.invited ? { guest: sample.guest } : undefined,
      interaction: { params: { scope: turn.scope ?? 'openid profile email' } },
    };
  }

  function signInOf(address: string, strong: boolean, verifiedAt: number | null): SignIn {
    return {
      tenant: tenant.id,
      uid: 'sample',
      browser: 'sample',
      address,
      addressKey: address,
      label: 'K7',
      messageId: null,
      sends: 1,
      lastSentAt: sample.now,
      attempts: 0,
      liveFrom: 1,
      liveUntil: sample.now + limits.passcodeLifetimeSeconds,
      strong,
      verifiedAt,
      decision: null,
      proof: null,
      accepted: 0,
      notice: null,
      expiresAt: sample.now + limits.interactionSeconds,
    };
  }
}
