import assert from 'node:assert/strict';
import { type Located, type PageOf, signIn } from '../../src/testing/sign-in.ts';

const ORIGIN = 'http://127.0.0.1:3000';
const APPLICATION = 'http://127.0.0.1:8080/cb';

/**
 * A browser that shows one page after another, each by the buttons it has; past the last it is back at
 * the application.
 */
function createBrowser(...pages: readonly string[][]) {
  const done: string[] = [];
  let at = 0;
  const located = (selector: string): Located => ({
    count: () => {
      const action = /action\$="\/(\w+)"/.exec(selector)?.[1] ?? '';
      return Promise.resolve(pages[at]?.includes(action) ? 1 : 0);
    },
    fill: async (text) => void done.push(text),
    click: async () => {
      done.push(/action\$="\/(\w+)"/.exec(selector)?.[1] ?? '');
      at += 1;
    },
    innerText: () => Promise.resolve(`page ${at + 1}`),
    evaluate: () => Promise.resolve(),
    first: () => located(selector),
    waitFor: () => Promise.resolve(),
  });
  const url = (): string => (at < pages.length ? `${ORIGIN}/fabrikam/signin/x` : APPLICATION);
  const page: PageOf = {
    url,
    locator: located,
    waitForURL: (isThere) =>
      isThere(new URL(url())) ? Promise.resolve() : Promise.reject(new Error('it is elsewhere')),
    waitForLoadState: () => Promise.resolve(),
  };
  const guest = {
    origin: ORIGIN,
    address: 'teri@gmail.com',
    beforeCode: async () => void done.push('before'),
    code: () => Promise.resolve('12345678'),
  };
  return { done, signIn: () => signIn(page, guest) };
}

describe('signIn', () => {
  it('asks for a new code only after the old ones are put aside', async () => {
    const browser = createBrowser(
      ['address'],
      ['send'],
      ['passcode', 'send'],
      ['accept'],
      ['accept'],
    );
    await browser.signIn();
    assert.deepEqual(browser.done, [
      'teri@gmail.com',
      'address',
      'before',
      'send',
      '12345678',
      'passcode',
      'accept',
      'accept',
    ]);
  });

  it('begins where the page stands', async () => {
    const browser = createBrowser(['accept']);
    await browser.signIn();
    assert.deepEqual(browser.done, ['accept']);
  });

  it('types no second code where the first one was wrong', async () => {
    const browser = createBrowser(['passcode'], ['passcode', 'send']);
    await assert.rejects(browser.signIn(), /teri@gmail\.com stops here: http:\S+\npage 2/);
  });

  it('stops at a page without a button of a sign-in', async () => {
    await assert.rejects(createBrowser(['continue']).signIn(), /stops here/);
  });

  it('takes no page of another server for a sign-in', async () => {
    await assert.rejects(createBrowser().signIn(), /elsewhere/);
  });
});
