import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { type ErrorCode, errorTable } from '../../src/domain/errors.ts';
import { defaultLimits } from '../../src/domain/limits.ts';
import type { Page } from '../../src/http/page.ts';
import { createTranslator } from '../../src/i18n.ts';
import { createTemplates } from '../../src/mail/templates.ts';
import { describeMail } from '../../src/mail/wording.ts';
import { createLanguage } from '../../src/mail/words.ts';
import { createCatalogue, TITLES } from '../../src/preview/catalogue.ts';
import type { Configured } from '../../src/preview/sample.ts';

const bare: Configured = {
  tenant: {
    id: 'fabrikam',
    displayName: 'Fabrikam',
    verifiedDomains: [],
    emailOneTimePasscode: 'default',
    clients: [],
  },
  publicUrl: 'https://guest.example',
  sender: 'no-reply@guest.example',
  limits: defaultLimits,
  tenantPicker: false,
};

/** Told by the admin API or logged; no page a guest sees says it. */
const ON_NO_PAGE: readonly ErrorCode[] = [
  'invitations_blocked',
  'inviter_not_allowed',
  'redirect_unregistered',
  // The page that says what is next is shown in its place.
  'passcode_used',
];

/** What of the table of errors a page says. */
function codeOf(page: Page): ErrorCode | undefined {
  if (page.page === 'code-expired') return 'passcode_expired';
  if (page.page === 'expired') return 'interaction_expired';
  if ('code' in page) return page.code;
  return 'problem' in page ? page.problem?.code : undefined;
}

describe('createCatalogue', () => {
  const { pages, mails } = createCatalogue(bare, 'en');
  const views = new URL('../../views/', import.meta.url);

  it('has a state of every page there is a view for, and of no other', () => {
    const drawn = globSync('*.ejs', { cwd: views }).map((file) => file.replace('.ejs', ''));
    assert.deepEqual(new Set(pages.map(({ page }) => page.page)), new Set(drawn));
  });

  it('has a state of every mail there is a view for', () => {
    const language = createLanguage(createTranslator(), 'en');
    const drawn = mails.map(({ mail }) => describeMail(mail, 'Guestpass', language).view);
    const files = globSync('*.ejs', { cwd: new URL('mail/', views) });
    const names = new Set(files.map((file) => file.split('.')[0]));
    assert.deepEqual(new Set([...drawn, 'frame']), names);
  });

  it('shows every error a guest can be told', () => {
    const shown = new Set(pages.map(({ page }) => codeOf(page)));
    const missing = Object.keys(errorTable).filter((code) => !shown.has(code as ErrorCode));
    assert.deepEqual(new Set(missing), new Set(ON_NO_PAGE));
  });

  it('gives every state an id of its own, and every page and mail a title', () => {
    for (const list of [pages, mails]) {
      const ids = list.map(({ id }) => id);
      assert.deepEqual([...new Set(ids)], ids);
      for (const { id, name } of list) {
        assert.match(id, /^[a-z-]+$/);
        assert.ok(name in TITLES, name);
      }
    }
  });

  it('shows pages and mails with the name, the support and the limits of the tenant', () => {
    const shown = createCatalogue(
      {
        ...bare,
        tenant: { ...bare.tenant, displayName: 'Northwind', support: 'help@northwind.example' },
        limits: { ...defaultLimits, passcodeDigits: 10, passcodeLifetimeSeconds: 600 },
      },
      'en',
    );
    for (const { id, page } of shown.pages) {
      if (/^(expired|invitation-broken)-anywhere$/.test(id)) continue;
      if ('tenantName' in page) assert.equal(page.tenantName, 'Northwind', id);
      if ('support' in page) assert.equal(page.support, 'help@northwind.example', id);
      if (page.page === 'enter-code') assert.equal(page.digits, 10);
    }
    const templates = createTemplates(createTranslator(), 'Guestpass');
    for (const { id, mail } of shown.mails) {
      const { text, replyTo } = templates.render(mail);
      assert.match(text, /Northwind/, id);
      if (mail.kind === 'passcode') assert.equal(replyTo, 'help@northwind.example');
    }
    const code = shown.mails.find(({ id }) => id === 'passcode')!;
    assert.match(templates.render(code.mail).text, /^\d{10}$[^]*10 minutes/m);
  });

  it('names the places of the tenant where it has some, else samples', () => {
    assert.equal(placeIn({ pages }), 'Contoso');
    const own = createCatalogue(
      {
        ...bare,
        tenant: {
          ...bare.tenant,
          connections: [
            {
              id: 'partner',
              method: 'externalFederation',
              displayName: 'Partner',
              domains: ['partner.example'],
              members: { by: 'domain' },
              upstream: {
                protocol: 'oidc',
                issuer: 'https://login.partner.example',
                clientId: 'a',
                clientSecret: 'b',
                scope: 'openid email',
              },
              inbound: 'allowed',
              automaticRedemption: { inbound: false, outbound: false },
              regionScope: undefined,
              refusedDomains: [],
              consumerDomains: [],
            },
          ],
        },
      },
      'en',
    );
    assert.equal(placeIn(own), 'Partner');
  });

  it('S9 asks for no code where short ones are not compared: the main button brings a new one', () => {
    const { page } = pages.find(({ id }) => id === 'enter-code-superseded')!;
    assert.ok(page.page === 'enter-code');
    assert.deepEqual([page.live, page.canResend], [false, true]);
    assert.equal(page.problem?.code, 'passcode_superseded');
  });

  it('is the same every time', () => {
    assert.deepEqual(createCatalogue(bare, 'en'), { pages, mails });
  });
});

function placeIn({ pages }: Pick<ReturnType<typeof createCatalogue>, 'pages'>): unknown {
  return pages.map(({ page }) => (page.page === 'elsewhere' ? page.place : null)).find(Boolean);
}
