import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Guestpass, startGuestpass } from 'guestpass/testing';
import { type Browser, chromium } from 'playwright-core';
import { REGISTRATION, startApplication } from './application.ts';

let application: Awaited<ReturnType<typeof startApplication>>;
let guestpass: Guestpass;
let browser: Browser;

before(async () => {
  application = await startApplication();
  guestpass = await startGuestpass({
    clients: [{ ...REGISTRATION, redirect_uris: [application.redirectUri] }],
  });
  await application.connect(guestpass.issuer);
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '' });
});
after(async () => {
  await browser.close();
  application.close();
  await guestpass.close();
});

test('a guest reads the report', async () => {
  const page = await browser.newPage();

  await guestpass.invite('teri@gmail.com');
  await page.goto(`${application.origin}/report`);
  await guestpass.signIn(page, 'teri@gmail.com');

  assert.equal(await page.innerText('body'), 'Signed in as "teri@gmail.com"');
});
