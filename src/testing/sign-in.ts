// Owns the steps of a guest in a browser: address, code, permissions, as a person would take them.

/** What is used of a Playwright `Locator`. */
export interface Located {
  count(): Promise<number>;
  fill(text: string): Promise<unknown>;
  click(): Promise<unknown>;
  innerText(): Promise<string>;
  evaluate(script: string): Promise<unknown>;
  first(): Located;
  waitFor(options: { readonly state: 'attached'; readonly timeout: number }): Promise<unknown>;
}

/** What is used of a Playwright `Page`. */
export interface PageOf {
  url(): string;
  locator(selector: string): Located;
  waitForURL(
    isThere: (url: URL) => boolean,
    options: { readonly timeout: number },
  ): Promise<unknown>;
  waitForLoadState(state: 'domcontentloaded'): Promise<unknown>;
}

/** A guest at the pages of one server. */
export interface GuestAtPage {
  /** Of the pages. */
  readonly origin: string;
  readonly address: string;
  /** Called before a code is asked for. */
  readonly beforeCode: () => Promise<void>;
  /** The code that was mailed since. */
  readonly code: () => Promise<string>;
}

const PATIENCE_MS = 30_000;
/** Permissions and terms are two pages with the same button. */
const MOST_TIMES = { address: 1, passcode: 1, send: 1, accept: 2 };
type Action = keyof typeof MOST_TIMES;
/** In this order: the page of the code has a button that sends another one, too. */
const ACTIONS = ['address', 'passcode', 'send', 'accept'] as const satisfies readonly Action[];

/**
 * Signs a guest in where the page stands, or is about to: until the browser has left again.
 *
 * @throws {Error} that quotes the page, when it asks for something else or says that it did not work
 */
export async function signIn(page: PageOf, guest: GuestAtPage): Promise<void> {
  const isOurs = (url: URL): boolean => url.origin === guest.origin;
  await page.waitForURL(isOurs, { timeout: PATIENCE_MS });
  const left = { ...MOST_TIMES };
  for (;;) {
    await page.waitForLoadState('domcontentloaded');
    if (!isOurs(new URL(page.url()))) return;
    const action = await shownAction(page);
    if (action === undefined || left[action] === 0) {
      throw new Error(`the sign-in of ${guest.address} stops here: ${await said(page)}`);
    }
    left[action] -= 1;
    if (action === 'address') await page.locator('input[name="email"]').fill(guest.address);
    if (action === 'send') await guest.beforeCode();
    if (action === 'passcode') await page.locator('input[name="code"]').fill(await guest.code());
    await press(page, action);
  }
}

async function shownAction(page: PageOf): Promise<Action | undefined> {
  for (const action of ACTIONS) {
    if ((await page.locator(formOf(action)).count()) > 0) return action;
  }
  return undefined;
}

/** Presses the button and waits for the page after it, whatever it looks like and whosever it is. */
async function press(page: PageOf, action: Action): Promise<void> {
  await page.locator('html').first().evaluate(`html => html.setAttribute('${PRESSED}', '')`);
  await page
    .locator(`${formOf(action)} button`)
    .first()
    .click();
  const next = page.locator(`html:not([${PRESSED}]) body`).first();
  await next.waitFor({ state: 'attached', timeout: PATIENCE_MS });
}

// Neither address nor title tells one step from the next: the document that was pressed is marked.
const PRESSED = 'data-guestpass-pressed';

function formOf(action: Action): string {
  return `form[action$="/${action}"]`;
}

async function said(page: PageOf): Promise<string> {
  return `${page.url()}\n${await page.locator('body').first().innerText()}`;
}
