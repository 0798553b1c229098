// Owns the list of pages: what each one needs to be drawn. Views get these models and nothing else,
// so no request data can reach a template unseen (S61).

import type { ErrorCode } from '../domain/errors.ts';
import type { Problem } from '../interaction/problem.ts';

export type { Problem } from '../interaction/problem.ts';

/** What every page of one sign-in knows. */
export interface SignInFrame {
  readonly tenantName: string;
  /** The application the guest is on the way to. */
  readonly clientName: string;
  /** Path of this sign-in without a trailing slash; forms post below it. */
  readonly base: string;
  /** The anti-forgery token of this sign-in and browser. */
  readonly csrf: string;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** One page as data; `page` names the view file. */
export type Page =
  /** P2: ask for the address. `typed` is kept as it was typed. */
  | (SignInFrame & { readonly page: 'address'; readonly typed: string; readonly problem?: Problem })
  /** P4: say that a code will be mailed; nothing is sent before the button. */
  | (SignInFrame & {
      readonly page: 'send-code';
      readonly address: string;
      readonly problem?: Problem;
    })
  /** P5, and P7 as owner's decision: ask for the code. `live` false means no code can work any more
   *  (too many wrong ones, or all expired): the page then only offers a new code. */
  | (SignInFrame & {
      readonly page: 'enter-code';
      readonly address: string;
      readonly label: string;
      readonly strong: boolean;
      readonly digits: number;
      readonly lifetimeMinutes: number;
      readonly sender: string;
      readonly live: boolean;
      /** Whether another code may still be sent in this sign-in. */
      readonly canResend: boolean;
      readonly problem?: Problem;
      readonly notice?: 'resent';
    })
  /** P6: the right code, too late. */
  | (SignInFrame & { readonly page: 'code-expired'; readonly lifetimeMinutes: number })
  /** The sign-in is proven already (Back, reload, second tab): one button leads on. */
  | (SignInFrame & { readonly page: 'continue' })
  /** P11: proven or decided, but not let in. */
  | (SignInFrame & {
      readonly page: 'refused';
      readonly code: ErrorCode;
      readonly reference: string;
    })
  /** P10: no such sign-in in this browser. */
  | { readonly page: 'expired'; readonly tenantName: string | null; readonly reference: string }
  /** P0 and its kin: no tenant, unknown tenant, two that disagree. */
  | {
      readonly page: 'no-tenant';
      readonly code: ErrorCode;
      readonly reference: string;
      readonly example: string;
    }
  /** P12 and refused requests: title and text by code; `detail` is for the application's developer. */
  | {
      readonly page: 'error';
      readonly code: ErrorCode;
      readonly reference: string;
      readonly detail: string | null;
    }
  /** P9: `form` is the engine's own form, trusted HTML with id `op.logoutForm`. */
  | { readonly page: 'sign-out'; readonly tenantName: string; readonly form: string }
  | { readonly page: 'signed-out'; readonly tenantName: string }
  /** `/{tenantId}/`: which organisation this is, and that sign-in starts at an application. */
  | { readonly page: 'tenant-home'; readonly tenantName: string; readonly support: string | null }
  /** Development only: mails that were not sent anywhere. */
  | {
      readonly page: 'mailbox';
      readonly messages: readonly {
        readonly id: string;
        readonly recipient: string;
        readonly subject: string;
        readonly receivedAt: number;
      }[];
    }
  | {
      readonly page: 'mailbox-message';
      readonly id: string;
      readonly recipient: string;
      readonly subject: string;
      readonly receivedAt: number;
      readonly text: string;
      /** Path of the HTML part, shown in a sandboxed frame. */
      readonly htmlPath: string;
    };
