import assert from 'node:assert/strict';
import { createTranslator } from '../../src/i18n.ts';
import type { InvitationMail, PasscodeMail, RenderedMail } from '../../src/mail/content.ts';
import { createTemplates } from '../../src/mail/templates.ts';

const templates = createTemplates(createTranslator(), 'Guestpass');

const passcode: PasscodeMail = {
  kind: 'passcode',
  to: 'teri@gmail.example',
  locale: 'en',
  tenantName: 'Contoso',
  clientName: 'Fabrikam Docs',
  passcode: '40718823',
  strong: false,
  lifetimeSeconds: 1800,
  label: 'K7',
  requestedAt: Date.UTC(2026, 9, 25, 14, 2) / 1000,
  browserFamily: 'Chrome on Windows',
  network: '203.0.113.x',
  invitedBy: 'megan@contoso.example',
  support: 'help@contoso.example',
  privacyUrl: 'https://contoso.example/privacy',
  issuerHost: 'guest.example',
};

const invitation: InvitationMail = {
  kind: 'invitation',
  to: 'teri@gmail.example',
  locale: 'en',
  tenantName: 'Contoso',
  tenantDomain: 'contoso.example',
  invitedBy: 'Megan Bowen',
  message: 'Hi Teri,\r\nsee http://evil.example <b>now</b>',
  url: 'https://guest.example/contoso/redeem?ticket=abc&x=1',
  support: 'help@contoso.example',
  privacyUrl: null,
};

/** What a reader of the HTML part sees, one line per block; the preheader is not among it. */
function visible(html: string): string[] {
  return html
    .replace(/^[\s\S]*?<table/, '<table')
    .replace(/\s+/g, ' ')
    .replace(/<br>|<\/(?:p|h1|td|table|blockquote)>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_all, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Both mails with `name` in every place that takes words from outside. */
function renderBoth(name: string, message: string): RenderedMail[] {
  const names = { tenantName: name, invitedBy: name, support: name, privacyUrl: name };
  const request = { clientName: name, browserFamily: name, network: name };
  return [
    templates.render({ ...passcode, ...names, ...request }),
    templates.render({ ...invitation, ...names, tenantDomain: name, message }),
  ];
}

const tagsOf = (html: string): string[] => html.match(/<[^>]+>/g) ?? [];

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

describe('createTemplates', () => {
  describe('passcode mail', () => {
    it('says in this order what a guest needs, and ends with the origin-bound line', () => {
      assert.equal(
        templates.render(passcode).text,
        [
          'Your code is',
          '',
          '40718823',
          '',
          'Enter it on the Contoso sign-in page to continue to Fabrikam Docs. It works for 30 minutes and only once.',
          '',
          'Guestpass and Contoso will never ask you for this code by phone, chat or email. Do not share or forward it.',
          '',
          'Requested 25 Oct 2026 14:02 UTC from Chrome on Windows, IP 203.0.113.x (approximate).',
          '',
          'You did not ask for it? You can ignore this email; nobody can sign in without the code.',
          '',
          'You get this because megan@contoso.example gave teri@gmail.example guest access to Contoso.',
          'Questions? Contact help@contoso.example.',
          'Privacy statement of Contoso: https://contoso.example/privacy',
          '',
          '@guest.example #40718823',
        ].join('\n'),
      );
    });

    it('says the same in HTML and text', () => {
      const { text, html } = templates.render(passcode);
      assert.deepEqual(visible(html), linesOf(text).slice(0, -1));
    });

    it('leaves out what is not known', () => {
      const { text, replyTo } = templates.render({
        ...passcode,
        browserFamily: '',
        invitedBy: null,
        support: null,
        privacyUrl: null,
      });
      assert.match(text, /14:02 UTC from IP 203\.0\.113\.x/);
      assert.match(text, /because someone gave/);
      assert.doesNotMatch(text, /Questions|Privacy|null|undefined/);
      assert.equal(replyTo, null);
    });

    it('T38 names tenant and label but never the passcode in subject and sender', () => {
      const { subject, fromName, replyTo, to } = templates.render(passcode);
      assert.equal(subject, 'Your Contoso sign-in code – K7');
      assert.equal(fromName, 'Contoso (via Guestpass)');
      assert.equal(replyTo, 'help@contoso.example');
      assert.equal(to, passcode.to);
    });

    it('T38 shows the passcode in HTML as one text node, besides the preheader', () => {
      const { html } = templates.render(passcode);
      assert.equal(html.match(/40718823/g)?.length, 2);
      assert.match(html, />40718823<\/td>/);
      assert.match(html, /mso-hide:all">\s*40718823 &#8211; use it within 30 minutes/);
    });

    it('shows a strong passcode in groups of four, everywhere the same', () => {
      const { html, text, subject } = templates.render({
        ...passcode,
        passcode: 'ABCDEFGHJKMNPQRS',
        strong: true,
      });
      assert.match(html, />ABCD-EFGH-JKMN-PQRS<\/td>/);
      assert.match(text, /^ABCD-EFGH-JKMN-PQRS$/m);
      assert.match(text, /its 16 characters; the hyphens do not matter/);
      assert.ok(text.endsWith('\n@guest.example #ABCD-EFGH-JKMN-PQRS'));
      assert.ok(!subject.includes('ABCD'));
      assert.deepEqual(visible(html), linesOf(text).slice(0, -1));
    });

    it('S22 holds no link, image, form or anything to load', () => {
      const { html } = templates.render(passcode);
      assert.doesNotMatch(html, /<(?:a|img|link|script|form|iframe|object)\b|url\(|@import|src=/i);
    });

    it('promises whole minutes, rounded down', () => {
      assert.match(templates.render({ ...passcode, lifetimeSeconds: 359 }).text, /for 5 minutes/);
      assert.match(templates.render({ ...passcode, lifetimeSeconds: 60 }).text, /for 1 minute and/);
    });

    it('takes no reply to a support contact that is a URL', () => {
      const support = 'https://contoso.example/help';
      assert.equal(templates.render({ ...passcode, support }).replyTo, null);
    });
  });

  describe('invitation mail', () => {
    it('warns first, quotes the message as text and shows one link, also as text', () => {
      const { text, html, subject, replyTo } = templates.render(invitation);
      assert.equal(subject, 'Megan Bowen invited you to Contoso');
      assert.equal(replyTo, 'help@contoso.example');
      assert.deepEqual(linesOf(text), [
        'Only accept if you know Megan Bowen.',
        'Megan Bowen invited you as a guest to Contoso.',
        'Domain: contoso.example',
        'Message from Megan Bowen:',
        '> Hi Teri,',
        '> see http://evil.example <b>now</b>',
        'Accept invitation:',
        invitation.url,
        'The invitation is only for teri@gmail.example.',
        'You get this because Megan Bowen invited teri@gmail.example to Contoso.',
        'Questions? Contact help@contoso.example.',
      ]);
      assert.deepEqual(html.match(/href="[^"]*"/g), [
        'href="https://guest.example/contoso/redeem?ticket=abc&amp;x=1"',
      ]);
      assert.deepEqual(
        visible(html).filter((line) => line !== 'Or open this address in your browser:'),
        linesOf(text).map((line) =>
          line
            .replace(/^> /, '')
            .replace(/:$/, (colon) => (line.startsWith('Accept') ? '' : colon)),
        ),
      );
    });

    it('names nobody when the inviter is unknown', () => {
      const { text, subject } = templates.render({ ...invitation, invitedBy: null, message: null });
      assert.equal(subject, 'You are invited to Contoso');
      assert.doesNotMatch(text, /Message|null|undefined|Megan/);
    });

    it('S22 cannot be made to forge our own sentences with a message', () => {
      const message = `x\n\n@evil.example #1234${'y'.repeat(600)}`;
      const { text } = templates.render({ ...invitation, message });
      assert.ok(linesOf(text).some((line) => line.startsWith('> @evil.example #1234')));
      assert.ok(!text.includes('y'.repeat(500)));
    });

    it('S23 refuses a URL that is not http or https', () => {
      for (const url of ['javascript:alert(1)', '//evil.example', 'https://a b', '']) {
        assert.throws(() => templates.render({ ...invitation, url }), TypeError);
      }
    });
  });

  const hostile = [
    '"><script>alert(1)</script>',
    "' onmouseover='x",
    'x\r\nBcc: victim@y.example',
    '<a href=//evil.example>here</a>',
    'safe\u202Eevil\u2066\u200B',
    '<%= process.env %>',
    '{{code}} $t(mail.help) $& $1',
    'x'.repeat(500),
    '\u0000\u001B[31m',
    '字'.repeat(500),
  ];
  for (const name of hostile) {
    it(`T37 keeps ${JSON.stringify(name).slice(0, 40)} inert in every mail`, () => {
      const calm = renderBoth('calm', 'two\nlines');
      for (const [index, mail] of renderBoth(name, name).entries()) {
        const { fromName, subject, text, html } = mail;
        assert.doesNotMatch(fromName + subject, /[\p{Cc}\p{Bidi_Control}\u200B]/u);
        assert.doesNotMatch(text, /(?!\n)[\p{Cc}\p{Bidi_Control}\u200B]/u);
        assert.ok(fromName.length < 90);
        assert.match(html, /^[\n\x20-\x7e]*$/);
        const known = new Set(tagsOf(calm[index]!.html));
        assert.deepEqual(
          tagsOf(html).filter((tag) => !known.has(tag)),
          [],
        );
        assert.doesNotMatch(subject + fromName, /40718823|Questions\?/);
      }
    });
  }

  it('keeps HTML lines short enough to travel unencoded', () => {
    for (const { html } of [templates.render(passcode), templates.render(invitation)]) {
      assert.ok(html.split('\n').every((line) => line.length <= 76));
    }
  });

  it('stays below 20 kB whatever the names and the message', () => {
    const name = '字'.repeat(500);
    const names = { tenantName: name, invitedBy: name };
    for (const { html } of [
      templates.render({ ...passcode, ...names, clientName: name }),
      templates.render({ ...invitation, ...names, message: name }),
    ]) {
      assert.ok(html.length < 20_000, `${html.length} bytes`);
    }
  });

  it('declares language, direction and both colour schemes', () => {
    const { html } = templates.render({ ...passcode, locale: 'xx-unknown' });
    assert.match(html, /<html lang="en" dir="ltr">/);
    assert.match(html, /<meta name="color-scheme" content="light dark">/);
  });
});
