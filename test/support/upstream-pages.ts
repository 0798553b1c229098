// Owns the pages of a stand-in OpenID Provider, and how a guest walks them without a screen.

import type { Answer, Jar } from './jar.ts';

interface Page {
  readonly displayName: string;
  /** The `login_hint` that came. */
  readonly hint: string;
  readonly problem: string;
}

/** Who signs in: a button for each account, a field for any, and the way back. */
export function accountPage(
  page: Page & { readonly accounts: readonly { readonly address: string }[] },
): string {
  const buttons = page.accounts
    .map(({ address }) => escape(address))
    .map((address) => `<button name="account" value="${address}">${address}</button>`);
  return draw(
    page,
    `Sign in to ${page.displayName}`,
    `<form method="post">${buttons.join('')}</form>${field(page.hint, 'Sign in')}`,
  );
}

/** `prompt=create`: makes the account that is typed. */
export function createPage(page: Page): string {
  return draw(page, `Create your ${page.displayName} account`, field(page.hint, 'Create account'));
}

/**
 * Signs in there, from the URL Guestpass sends to.
 *
 * @param jar the guest's cookies at the upstream; a new one is a browser that was never there
 * @param account address of an account; unused where the upstream asks nobody
 * @returns the redirect back
 * @throws when the upstream shows something else
 */
export async function signInAt(jar: Jar, location: string | URL, account: string): Promise<URL> {
  return walk(jar, location, { account });
}

/** Makes an account there and signs in with it. */
export async function createAccountAt(
  jar: Jar,
  location: string | URL,
  address: string,
): Promise<URL> {
  return walk(jar, location, { account: address });
}

/** Presses Cancel there; the redirect back says `access_denied`. */
export async function cancelAt(jar: Jar, location: string | URL): Promise<URL> {
  return walk(jar, location, { cancel: 'yes' });
}

async function walk(
  jar: Jar,
  location: string | URL,
  form: Readonly<Record<string, string>>,
): Promise<URL> {
  const page = await jar.follow(await jar.get(location));
  if (page.location !== undefined) return leaving(page);
  return leaving(await jar.follow(await jar.post(page.url, form)));
}

function leaving(answer: Answer): URL {
  if (answer.location !== undefined) return new URL(answer.location, answer.url);
  throw new Error(`still there: ${answer.status} ${answer.text.slice(0, 2000)}`);
}

function field(hint: string, button: string): string {
  return `<form method="post"><label>Account <input name="account" value="${escape(hint)}"></label>
    <button>${button}</button></form>`;
}

function draw({ problem }: Page, title: string, body: string): string {
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escape(title)}</title>
    <h1>${escape(title)}</h1><p role="alert">${escape(problem)}</p>${body}
    <form method="post"><button name="cancel" value="yes">Cancel</button></form></html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
