// Owns what one state of the preview is, and what makes the lists of them complete: by type, every
// page and every mail has at least one.

import type { Page } from '../http/page.ts';
import type { MailContent } from '../mail/content.ts';

/** The name of a page, as its view file has it. */
export type PageName = Page['page'];
/** The kind of a mail. */
export type MailKind = MailContent['kind'];

/** A page in one state. */
export interface PageState<Of extends Page = Page> {
  /** Unique among the states of the page; '' for the plain one. */
  readonly variant: string;
  /** What it shows, in a few words. */
  readonly shows: string;
  readonly page: Of;
}

/** A mail in one state. */
export interface MailState<Of extends MailContent = MailContent> {
  readonly variant: string;
  readonly shows: string;
  readonly mail: Of;
}

type OneOrMore<Item> = readonly [Item, ...Item[]];

/** States of every page named; a page without one is a fault of types. */
export type PageStates<Names extends PageName = PageName> = {
  readonly [Name in Names]: OneOrMore<PageState<Extract<Page, { page: Name }>>>;
};
/** States of every mail. */
export type MailStates = {
  readonly [Kind in MailKind]: OneOrMore<MailState<Extract<MailContent, { kind: Kind }>>>;
};

/** Makes one state of a page. */
export function show<Of extends Page>(variant: string, shows: string, page: Of): PageState<Of> {
  return { variant, shows, page };
}

/**
 * Takes a page for the one it must be.
 *
 * @throws {TypeError} when it is another one: a bug of the sample
 */
export function only<Name extends PageName>(name: Name, page: Page): Extract<Page, { page: Name }> {
  if (page.page !== name) throw new TypeError(`a sample of ${name} is drawn as ${page.page}`);
  return page as Extract<Page, { page: Name }>;
}
