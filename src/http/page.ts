// Owns the list of pages: what each one needs to be drawn. Views get these models and nothing else,
// so no request data can reach a template unseen (S61).

import type { BrowserName } from '../domain/browser-name.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { MailFate } from '../domain/mail-fate.ts';
import type { Problem } from '../interaction/problem.ts';
import type { HomeNotice } from './notice-cookie.ts';

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
  /** What begins the same request anew should the sign-in be gone; null where nothing can. */
  readonly restart: Restart | null;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** The form that begins a request anew: its path, and the token it posts. */
export interface Restart {
  readonly action: string;
  readonly token: string;
}

/** The way to the application by its own door; `url` is null when it says none. */
export interface WayOut {
  readonly name: string;
  readonly url: string | null;
}

/** What the pages around an invitation know. */
export interface InvitationFrame {
  readonly tenantName: string;
  /** Name or address of the inviter; null when not known. */
  readonly inviter: string | null;
  /** Path without a trailing slash; forms post below it. */
  readonly base: string;
  readonly csrf: string;
  readonly support: string | null;
  readonly privacyUrl: string | null;
}

/** What a guest's own page shows: nothing of any other guest (R76). */
export interface GuestHome {
  readonly address: string;
  readonly name: string | null;
  /** Those the guest may open and that say where. */
  readonly applications: readonly {
    readonly name: string;
    readonly url: string;
    /** Path; null for one that is drawn as a letter on a tile. */
    readonly icon: string | null;
    readonly letter: string;
    /** Colour of the tile, from 0. */
    readonly tile: number;
  }[];
  /** Others that invited the address: none unless this sign-in has proven the mailbox. */
  readonly organisations: readonly {
    readonly name: string;
    readonly url: string;
    /** Whether the guest accepted there, or is only invited yet. */
    readonly accepted: boolean;
  }[];
  /** Where the guest is signed in: this browser first, then the newest. */
  readonly sessions: readonly {
    /** What the form calls it. */
    readonly name: string;
    /** null when unknown. */
    readonly browser: BrowserName | null;
    readonly isThis: boolean;
    /** Whole hours since the sign-in. */
    readonly hours: number;
    readonly applications: readonly string[];
  }[];
  /** Whether the guest takes further invitations of the tenant (R67). */
  readonly invitations: 'taken' | 'blocked';
  /** `contact`: leaving is off or there is no privacy statement, so ask (R77). */
  readonly leaving: 'allowed' | 'contact';
}

/** One page as data; `page` names the view file. */
export type Page =
  /** P2: ask for the address. `typed` is kept as it was typed. */
  | (SignInFrame & { readonly page: 'address'; readonly typed: string; readonly problem?: Problem })
  /** P4: say that a code will be mailed; nothing is sent before the button. */
  | (SignInFrame & {
      readonly page: 'send-code';
      readonly address: string;
      /** Set inside another application, whose window may close while the mail is read. */
      readonly inApp: WayOut | null;
      readonly problem?: Problem;
    })
  /** P5, and P7 as owner's decision: ask for the code. `live` false means no code can work any more
   *  (too many wrong ones, or all expired): the page then only offers a new code. */
  | (SignInFrame & {
      readonly page: 'enter-code';
      readonly address: string;
      readonly label: string;
      /** When the newest code was asked for, epoch seconds: the mail says so too (S14). */
      readonly requestedAt: number;
      /** As in the mail; null when unknown. */
      readonly browserFamily: BrowserName | null;
      readonly strong: boolean;
      readonly digits: number;
      readonly lifetimeMinutes: number;
      readonly sender: string;
      /** As on `send-code`. */
      readonly inApp: WayOut | null;
      readonly live: boolean;
      /** Whether another code may still be sent in this sign-in. */
      readonly canResend: boolean;
      /** Until then a new code is refused; 0 when it is not. */
      readonly resendSeconds: number;
      /** The relay takes no mail just now, whoever it is for. */
      readonly mailsWait: boolean;
      /** What became of the mail; absent where the address was typed (S62). */
      readonly delivery?: {
        readonly fate: MailFate;
        /** Whoever invited, else the support; null when neither is known. */
        readonly contact: string | null;
      };
      readonly problem?: Problem;
      readonly notice?: 'resent';
    })
  /** The link in the mail, in the browser that asked: the form posts `key` to `/link`. */
  | (SignInFrame & {
      readonly page: 'sign-in-link';
      readonly address: string;
      readonly label: string;
      readonly key: string;
    })
  /** The same in any other browser, or a scanner's: nothing to press. */
  | {
      readonly page: 'sign-in-link-elsewhere';
      readonly tenantName: string | null;
      /** Of the mail; null when the link does not say a good one. */
      readonly label: string | null;
    }
  /** P6: the right code, too late. */
  | (SignInFrame & { readonly page: 'code-expired'; readonly lifetimeMinutes: number })
  /** The sign-in is proven already (Back, reload, second tab): one button leads on. */
  | (SignInFrame & { readonly page: 'continue' })
  /** P3: several places know the guest. Forms post `door` (0, 1, …) to `/method`. */
  | (SignInFrame & {
      readonly page: 'choose-method';
      readonly address: string;
      /** In order; `name` of the place, null for the mailed code. */
      readonly doors: readonly { readonly name: string | null; readonly create: boolean }[];
    })
  /** P3: the guest signs in at another place; the form posts to `/leave`. With a problem: what went
   *  wrong there, and a second try. `upstream_address_other` has params `asserted` and `address`. */
  | (SignInFrame & {
      readonly page: 'elsewhere';
      readonly address: string | null;
      readonly place: string;
      /** Whether an account is to be made there. */
      readonly create: boolean;
      /** false when a ticket fixes the address. */
      readonly canChangeAddress: boolean;
      readonly problem?: Problem;
    })
  /** R59: Google shows nothing inside apps. `url` is what to open in a browser, null when unknown. */
  | (SignInFrame & {
      readonly page: 'open-browser';
      readonly place: string;
      readonly url: string | null;
    })
  /** P8: first redemption. Forms post to `/accept` and `/decline`. */
  | (SignInFrame & {
      readonly page: 'review';
      readonly address: string;
      readonly tenantDomain: string | null;
      /** Whether an application may read the profile too. */
      readonly scopes: readonly string[];
    })
  /** P8b: forms post to `/accept` and `/decline`. */
  | (SignInFrame & {
      readonly page: 'terms';
      readonly address: string;
      readonly termsUrl: string;
    })
  /** P11: proven or decided, but not let in. `row` is the row of the decision table, for support. */
  | (SignInFrame & {
      readonly page: 'refused';
      readonly code: ErrorCode;
      readonly reference: string;
      readonly row: string | null;
      /** Trying the same again may work: the form posts to `/retry`. */
      readonly canRetry: boolean;
      /** Nothing is proven yet: another address may be let in. */
      readonly canChangeAddress: boolean;
    })
  /** P10: no such sign-in in this browser. `elsewhere`: it is another browser's. `finished`: it led
   *  to the application already. `cookies`: the browser keeps none. */
  | {
      readonly page: 'expired';
      readonly reason: 'over' | 'elsewhere' | 'finished' | 'cookies';
      readonly tenantName: string | null;
      readonly reference: string;
      readonly client: WayOut | null;
      readonly restart: Restart | null;
      /** Whether the page is shown inside another application. */
      readonly inApp: boolean;
    }
  /** The application sends the browser back again and again, and no page of ours is in between. */
  | {
      readonly page: 'loop';
      readonly code: 'client_loop';
      readonly tenantName: string | null;
      readonly reference: string;
      readonly client: WayOut;
      /** The request at hand, for whoever asks once more. */
      readonly again: string;
    }
  /** P0 and its kin: no tenant, unknown tenant, two that disagree. */
  | {
      readonly page: 'no-tenant';
      readonly code: ErrorCode;
      readonly reference: string;
      readonly example: string;
      /** Where the organisation may be named: a form that gets `tenantid` and these fields. */
      readonly picker: {
        readonly action: string;
        readonly fields: Readonly<Record<string, string>>;
      } | null;
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
  | {
      readonly page: 'signed-out';
      readonly tenantName: string;
      /** Whether guests come over other places, where their session goes on. */
      readonly elsewhere: boolean;
    }
  /** P1: an invitation was opened. Forms post to `/accept` and, from `block-invitations`, `/block`. */
  | (InvitationFrame & {
      readonly page: 'invitation';
      readonly state: 'open' | 'accepted' | 'expired';
      readonly address: string;
      readonly message: string | null;
      /** Host the guest is taken to, null for the guest's own page. */
      readonly target: string | null;
    })
  /** P1b: no more invitations of this tenant; `blocked` when that is so already. */
  | (InvitationFrame & { readonly page: 'block-invitations'; readonly blocked: boolean })
  /** P1: a link that is copied partly, withdrawn, or of another organisation. */
  | { readonly page: 'invitation-broken'; readonly tenantName: string; readonly reference: string }
  /** `/{tenantId}/`: which organisation this is; signed in, the guest's own page. */
  | {
      readonly page: 'tenant-home';
      readonly tenantName: string;
      readonly support: string | null;
      readonly privacyUrl: string | null;
      readonly guest: GuestHome | null;
      /** Path of the forms: `sign-in`; for guests `sign-out`, `invitations` and `leave`. */
      readonly base: string;
      readonly csrf: string;
      readonly notice?: HomeNotice;
    }
  /** R77: really leave? Form posts to `/leave`. */
  | {
      readonly page: 'leave';
      readonly tenantName: string;
      readonly support: string | null;
      readonly base: string;
      readonly csrf: string;
      readonly address: string;
    }
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
