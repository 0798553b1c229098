// Owns which wording a mail gets, by its kind.

import type { MailContent } from './content.ts';
import {
  describeCopy,
  describeInvitation,
  describeNoInvitation,
  type LetterWords,
} from './wording-invitation.ts';
import { describePasscode, type PasscodeWords } from './wording-passcode.ts';
import { describeSecurityNotice } from './wording-security-notice.ts';
import type { Language } from './words.ts';

/**
 * Puts a mail into sentences. Pure; all words from outside come out as inert text.
 *
 * @returns the sentences, and in `view` the name of the views in `views/mail` that draw them
 * @throws {TypeError} when a URL of an invitation is not http or https
 * @source S22, S23; T37
 */
export function describeMail(
  content: MailContent,
  product: string,
  language: Language,
):
  | { readonly view: 'passcode'; readonly words: PasscodeWords }
  | { readonly view: 'letter'; readonly words: LetterWords } {
  switch (content.kind) {
    case 'passcode':
      return { view: 'passcode', words: describePasscode(content, product, language) };
    case 'invitation':
      return { view: 'letter', words: describeInvitation(content, language) };
    case 'invitation-copy':
      return { view: 'letter', words: describeCopy(content, language) };
    case 'no-invitation':
      return { view: 'letter', words: describeNoInvitation(content, language) };
    case 'security-notice':
      return { view: 'letter', words: describeSecurityNotice(content, language) };
  }
}
