// Owns the list of everything the preview shows: each state with its address, in groups.

import type { Page } from '../http/page.ts';
import type { MailContent } from '../mail/content.ts';
import { guestStates } from './guest-states.ts';
import { mailStates } from './mail-states.ts';
import { otherStates } from './other-states.ts';
import { provenStates } from './proven-states.ts';
import { type Configured, createSample } from './sample.ts';
import { signInStates } from './sign-in-states.ts';
import { createSampleWalk } from './sign-in-walk.ts';
import type { MailKind, MailState, MailStates, PageName, PageState, PageStates } from './state.ts';

/** One state with its place in the list. */
export interface Entry {
  /** Name of the page or mail, then what is special: `enter-code-wrong`. Unique among its kind. */
  readonly id: string;
  readonly name: string;
  readonly shows: string;
}

/** Everything there is to show of one tenant. */
export interface Catalogue {
  readonly pages: readonly (Entry & { readonly page: Page })[];
  readonly mails: readonly (Entry & { readonly mail: MailContent })[];
}

/** What a page or mail is, to the admin. In the order of the list. */
export const TITLES: Readonly<Record<PageName | MailKind, string>> = {
  address: 'Email address',
  'choose-method': 'Choose how to sign in',
  elsewhere: 'Another place',
  'open-browser': 'Open in a browser',
  'send-code': 'Send a code',
  'enter-code': 'Enter the code',
  'sign-in-link': 'Link in the mail',
  'sign-in-link-elsewhere': 'Link in the mail, elsewhere',
  'code-expired': 'Code expired',
  review: 'Review permissions',
  terms: 'Terms of use',
  continue: 'Signed in already',
  refused: 'No access',
  invitation: 'Invitation',
  'block-invitations': 'Block invitations',
  'invitation-broken': 'Invitation link that does not work',
  'tenant-home': 'My apps',
  leave: 'Leave',
  'sign-out': 'Sign out',
  'signed-out': 'Signed out',
  expired: 'Page expired',
  loop: 'Sent back again and again',
  'no-tenant': 'No organisation',
  error: 'Error',
  mailbox: 'Mailbox (development)',
  'mailbox-message': 'Message in the mailbox (development)',
  passcode: 'Code',
  'invitation-copy': 'Copy of an invitation',
  'no-invitation': 'No invitation',
  'security-notice': 'Security notice',
};

/**
 * Lists every page and every mail in every state. Pure; the same every time.
 *
 * @param locale language of the mails
 */
export function createCatalogue(configured: Configured, locale: string): Catalogue {
  const sample = createSample(configured);
  const walk = createSampleWalk(sample);
  // Complete by type: a page that is in none of the four is missing here.
  const pages: PageStates = {
    ...signInStates(sample, walk),
    ...provenStates(sample, walk),
    ...guestStates(sample),
    ...otherStates(sample),
  };
  const mails: MailStates = mailStates(sample, locale);
  return {
    pages: listed<PageState>(pages).map(([name, state]) => ({
      ...entry(name, state),
      page: state.page,
    })),
    mails: listed<MailState>(mails).map(([name, state]) => ({
      ...entry(name, state),
      mail: state.mail,
    })),
  };
}

/** Whether a server knows whose page it is, and draws it with the look of the tenant. */
export function isOfTenant(page: Page): boolean {
  if ('tenantName' in page) return Boolean(page.tenantName);
  return page.page === 'error' && page.code !== 'host_unknown';
}

function listed<State>(
  states: Readonly<Record<string, readonly State[]>>,
): readonly (readonly [name: string, state: State])[] {
  const order = Object.keys(TITLES);
  return Object.entries(states)
    .toSorted(([one], [other]) => order.indexOf(one) - order.indexOf(other))
    .flatMap(([name, list]) => list.map((state) => [name, state] as const));
}

function entry(
  name: string,
  { variant, shows }: { readonly variant: string; readonly shows: string },
): Entry {
  return { id: variant === '' ? name : `${name}-${variant}`, name, shows };
}
