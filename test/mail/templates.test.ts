import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import { createTranslator } from '../../src/i18n.ts';
import type {
  InvitationCopyMail,
  InvitationMail,
  NoInvitationMail,
  PasscodeMail,
  RenderedMail,
  SecurityNoticeMail,
} from '../../src/mail/content.ts';
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
  browserFamily: { browser: 'Chrome', system: 'Windows' },
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
  target: 'docs.fabrikam.example',
  lifetimeDays: 30,
  blockUrl: 'https://guest.example/contoso/block?ticket=abc',
  automatic: false,
  support: 'help@contoso.example',
  privacyUrl: null,
};

const copy: InvitationCopyMail = {
  kind: 'invitation-copy',
  to: 'lee@contoso.example',
  locale: 'en',
  tenantName: 'Contoso',
  tenantDomain: 'contoso.example',
  invitedBy: 'megan@contoso.example',
  message: 'Hi Teri,\nsee you soon',
  guest: 'teri@gmail.example',
  support: 'help@contoso.example',
  privacyUrl: null,
};

const noInvitation: NoInvitationMail = {
  kind: 'no-invitation',
  to: 'teri@gmail.example',
  locale: 'en',
  tenantName: 'Contoso',
  clientName: 'Fabrikam Docs',
  invitedBy: null,
  support: 'help@contoso.example',
  privacyUrl: 'https://contoso.example/privacy',
};

const notice: SecurityNoticeMail = {
  kind: 'security-notice',
  event: 'attempts',
  to: 'teri@gmail.example',
  locale: 'en',
  tenantName: 'Contoso',
  clientName: 'Fabrikam Docs',
  happenedAt: Date.UTC(2026, 9, 25, 14, 2) / 1000,
  browserFamily: { browser: 'Chrome', system: 'Windows' },
  network: '203.0.113.x',
  invitedBy: 'megan@contoso.example',
  support: 'help@contoso.example',
  privacyUrl: 'https://contoso.example/privacy',
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

/** Every mail with `name` in every place that takes words from outside. */
function renderAll(name: string, message: string): RenderedMail[] {
  const names = { tenantName: name, invitedBy: name, support: name };
  const request = {
    clientName: name,
    browserFamily: { browser: name, system: name },
    network: name,
  };
  const words = { ...names, tenantDomain: name, message };
  return [
    templates.render({ ...passcode, ...names, ...request, privacyUrl: name }),
    templates.render({ ...invitation, ...words, target: name }),
    templates.render({ ...invitation, ...words, target: name, automatic: true }),
    templates.render({ ...copy, ...words, guest: name, privacyUrl: name }),
    templates.render({
      ...noInvitation,
      ...names,
      invitedBy: null,
      clientName: name,
      privacyUrl: name,
    }),
    templates.render({ ...notice, ...names, ...request, privacyUrl: name }),
    templates.render({ ...notice, ...names, ...request, event: 'sign-in', privacyUrl: name }),
  ];
}

const tagsOf = (html: string): string[] => html.match(/<[^>]+>/g) ?? [];

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

/** The text part as the HTML part shows it. */
const shown = ({ text }: RenderedMail): string[] =>
  // Only the text part marks a quotation and the label of the link.
  linesOf(text).map((line) => line.replace(/^> /, '').replace(/^(Accept .*|Go to .*):$/, '$1'));

/** The ground of an invitation's button at a tenant with this accent. */
const groundOf = (accent?: string) =>
  /<td style="background:([^;]*);/.exec(
    templates.render({ ...invitation, ...(accent !== undefined && { accent }) }).html,
  )?.[1];

describe('createTemplates', () => {
  describe('in another language', () => {
    const contoso: Tenant = {
      id: 'contoso',
      displayName: 'Contoso',
      verifiedDomains: [],
      emailOneTimePasscode: 'default',
      clients: [],
    };

    it('says a mail in the language it was asked for in', () => {
      const { subject, text, html, fromName } = templates.render({ ...passcode, locale: 'de-AT' });
      assert.equal(subject, 'Ihr Anmeldecode für Contoso – K7');
      assert.equal(fromName, 'Contoso (über Guestpass)');
      assert.match(text, /^Ihr Code lautet\n\n40718823\n\n/);
      assert.match(text, /25\.10\.2026 um 14:02 UTC mit Chrome unter Windows/);
      assert.match(text, /\n\n@guest\.example #40718823$/);
      assert.match(html, /<html lang="de" dir="ltr">/);
    });

    it('R64 falls back on the language of the tenant, then on what it offers', () => {
      const asked = { ...passcode, locale: 'sv' };
      const subjectFor = (more: Partial<Tenant>) =>
        templates.render(asked, { ...contoso, ...more }).subject;
      const invitations = { whoMayInvite: 'everyone', lifetimeSeconds: 1, language: 'nl' } as const;
      assert.match(subjectFor({}), /^Your /);
      assert.match(subjectFor({ language: 'fr' }), /^Votre /);
      assert.match(subjectFor({ language: 'fr', invitations }), /^Uw /);
      assert.match(subjectFor({ languages: ['es'] }), /^Su /);
      assert.match(
        templates.render({ ...passcode, locale: 'de' }, { ...contoso, languages: ['es', 'it'] })
          .subject,
        /^Su /,
      );
    });

    it('S61 says a sentence in the words of the tenant, escaped, in its own language alone', () => {
      const wording = { de: { 'mail.help': 'Mehr weiß {{support}} & Team.' } };
      const own = { ...contoso, wording };
      const { text, html } = templates.render({ ...passcode, locale: 'de' }, own);
      assert.match(text, /^Mehr weiß help@contoso\.example & Team\.$/m);
      assert.match(html, /Mehr wei&#223; help@contoso\.example &amp; Team\./);
      assert.match(templates.render(passcode, own).text, /^Questions\? Contact/m);
    });
  });

  describe('passcode mail', () => {
    it('has the sender and the address for answers of the tenant, where it has its own', () => {
      const own = { from: 'codes@contoso.example', replyTo: 'desk@contoso.example' };
      const code = templates.render({ ...passcode, ...own });
      assert.deepEqual([code.from, code.replyTo], [own.from, own.replyTo]);
      assert.equal(templates.render(passcode).from, undefined);
      // Answers to an invitation are for whoever invited.
      const invitedBy = 'megan@contoso.example';
      const letter = templates.render({ ...invitation, ...own, invitedBy });
      assert.deepEqual([letter.from, letter.replyTo], [own.from, invitedBy]);
    });

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
          'Enter it only at guest.example, in the browser where you asked for it.',
          '',
          'Guestpass and Contoso will never ask you for this code by phone, chat or email. Do not share or forward it.',
          '',
          'Requested 25 Oct 2026 14:02 UTC from Chrome on Windows, IP 203.0.113.x (approximate).',
          '',
          'You did not ask for it? You can ignore this email; nobody can sign in without the code.',
          '',
          'You get this because megan@contoso.example gave teri@gmail.example guest access to Contoso.',
          'Questions? Contact help@contoso.example.',
          'Privacy statement of Contoso:',
          'https://contoso.example/privacy',
          '',
          '@guest.example #40718823',
        ].join('\n'),
      );
    });

    it('says the same in HTML and text', () => {
      const { text, html } = templates.render(passcode);
      assert.deepEqual(visible(html), linesOf(text).slice(0, -1));
    });

    it('S14 names the one host it is good at, and who asked from where', () => {
      const { text, html } = templates.render(passcode);
      for (const part of [text, visible(html).join('\n')]) {
        assert.match(part, /Enter it only at guest\.example, /);
        assert.match(part, /to continue to Fabrikam Docs/);
        assert.match(part, /25 Oct 2026 14:02 UTC from Chrome on Windows/);
      }
    });

    it('leaves out what is not known', () => {
      const { text, replyTo } = templates.render({
        ...passcode,
        browserFamily: null,
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

  describe('security notice', () => {
    it('S67 says of wrong codes what happened, when, from where, and what to do', () => {
      const mail = templates.render(notice);
      assert.equal(mail.subject, 'Wrong codes for your sign-in to Contoso');
      assert.equal(mail.replyTo, 'help@contoso.example');
      assert.deepEqual(linesOf(mail.text), [
        'Somebody entered too many wrong codes. Nobody got in with them.',
        'They tried to sign in to Contoso as teri@gmail.example. Codes we send you from now on are longer for a while, and nobody can guess those.',
        'It was on 25 Oct 2026 at 14:02 UTC, from Chrome on Windows, IP 203.0.113.x (approximate).',
        'Was it you? Then you have nothing to do: ask for a new code and sign in.',
        'Was it not you? Tell help@contoso.example. You can go on signing in as before. Never share a code.',
        'You get this because megan@contoso.example gave teri@gmail.example guest access to Contoso.',
        'Questions? Contact help@contoso.example.',
        'Privacy statement of Contoso:',
        'https://contoso.example/privacy',
      ]);
    });

    it('S67 says of a new browser who signed in, and whom to tell at once', () => {
      const mail = templates.render({ ...notice, event: 'sign-in', browserFamily: null });
      assert.equal(mail.subject, 'New sign-in to Contoso');
      assert.match(mail.text, /^teri@gmail\.example signed in to Contoso to continue to Fabrikam/m);
      assert.match(mail.text, /^It was on 25 Oct 2026 at 14:02 UTC, from IP 203\.0\.113\.x/m);
      assert.match(mail.text, /Tell help@contoso\.example at once/);
      const nobody = templates.render({ ...notice, event: 'sign-in', support: null });
      assert.match(nobody.text, /Tell your contact at Contoso at once/);
      assert.equal(nobody.replyTo, null);
    });

    it('S22 S67 says the same in HTML and text, and holds no link', () => {
      for (const event of ['attempts', 'sign-in'] as const) {
        const mail = templates.render({ ...notice, event });
        assert.deepEqual(visible(mail.html), linesOf(mail.text));
        assert.doesNotMatch(mail.html, /<a\b|href|<img|src=/i);
        assert.deepEqual(mail.headers, {});
      }
    });
  });

  describe('invitation mail', () => {
    it('S22 takes the tenant’s colour for its button where light text is read on it', () => {
      assert.equal(groundOf(), '#1a5fb4');
      assert.equal(groundOf('#0f766e'), '#0f766e');
      for (const accent of ['#f2c811', '#ffffff', '#777777', 'red', '#0f766e;background:url(x)']) {
        assert.equal(groundOf(accent), '#1a5fb4', accent);
      }
    });

    it('S22 loads nothing, whatever the tenant’s look', () => {
      const { html } = templates.render({ ...invitation, accent: '#0f766e' });
      assert.doesNotMatch(html, /<img|<link|url\(|src=|@import/i);
    });

    it('R63 R65 warns first, then names inviter, organisation and domain, and quotes as text', () => {
      const mail = templates.render(invitation);
      assert.equal(mail.subject, 'Megan Bowen invited you to Contoso');
      assert.equal(mail.fromName, 'Contoso (via Guestpass)');
      assert.deepEqual(linesOf(mail.text), [
        'Only accept if you know Megan Bowen.',
        'Megan Bowen invited you as a guest to Contoso.',
        'Domain: contoso.example',
        'Message from Megan Bowen:',
        '> Hi Teri,',
        '> see http://evil.example <b>now</b>',
        'Accept invitation:',
        invitation.url,
        'You will be taken to docs.fabrikam.example.',
        'The link works for 30 days and only for teri@gmail.example.',
        'You get this because Megan Bowen invited teri@gmail.example to Contoso.',
        'Questions? Contact help@contoso.example.',
        'Contoso has not provided a privacy statement.',
        'Do not want invitations from Contoso? Block them here:',
        `${invitation.blockUrl}`,
      ]);
    });

    it('R65 says the same in HTML and text, with the links to accept and to block alone', () => {
      const mail = templates.render(invitation);
      assert.deepEqual(mail.html.match(/href="[^"]*"/g), [
        'href="https://guest.example/contoso/redeem?ticket=abc&amp;x=1"',
        'href="https://guest.example/contoso/block?ticket=abc"',
      ]);
      assert.deepEqual(
        visible(mail.html).filter((line) => line !== 'Or open this address in your browser:'),
        shown(mail),
      );
    });

    it('R65 sends replies to the inviter, else to the support', () => {
      assert.equal(templates.render(invitation).replyTo, 'help@contoso.example');
      const invitedBy = 'megan@contoso.example';
      assert.equal(templates.render({ ...invitation, invitedBy }).replyTo, invitedBy);
    });

    it('R65 links the privacy statement, in whatever script its address is', () => {
      const { text, html } = templates.render({
        ...invitation,
        privacyUrl: 'https://contoso.example/erklärung',
      });
      assert.match(html, /href="https:\/\/contoso\.example\/erkl%C3%A4rung"/);
      assert.match(text, /^Privacy statement of Contoso:\nhttps:.*erkl%C3%A4rung$/m);
      assert.doesNotMatch(text, /not provided/);
    });

    it('R67 lets mail programs block further invitations by one click', () => {
      assert.deepEqual(templates.render(invitation).headers, {
        'List-Unsubscribe': '<https://guest.example/contoso/block?ticket=abc>',
        'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
      });
      const { headers, text } = templates.render({ ...invitation, blockUrl: null });
      assert.deepEqual(headers, {});
      assert.doesNotMatch(text, /Block|null/);
    });

    it('R72 becomes a notification where there is nothing to accept', () => {
      const mail = templates.render({ ...invitation, automatic: true, message: null });
      assert.equal(mail.subject, 'Megan Bowen gave you access to Contoso');
      assert.deepEqual(linesOf(mail.text), [
        'Only go there if you know Megan Bowen.',
        'Megan Bowen gave you access to Contoso as a guest. There is nothing to accept.',
        'Domain: contoso.example',
        'Go to Contoso:',
        invitation.url,
        'You will be taken to docs.fabrikam.example.',
        'The link works for 30 days and only for teri@gmail.example.',
        'You get this because Megan Bowen gave teri@gmail.example guest access to Contoso.',
        'Questions? Contact help@contoso.example.',
        'Contoso has not provided a privacy statement.',
        'Do not want invitations from Contoso? Block them here:',
        `${invitation.blockUrl}`,
      ]);
      assert.deepEqual(
        visible(mail.html).filter((line) => line !== 'Or open this address in your browser:'),
        shown(mail),
      );
      const nobody = templates.render({ ...invitation, automatic: true, invitedBy: null });
      assert.equal(nobody.subject, 'You have access to Contoso');
      assert.doesNotMatch(nobody.text, /invited you|null/);
    });

    it('says so when it leads to the own page of the guest, and works without end', () => {
      const { text } = templates.render({ ...invitation, target: null, lifetimeDays: null });
      assert.match(text, /^You will be taken to your apps at Contoso\.$/m);
      assert.match(text, /^The link works only for teri@gmail\.example\.$/m);
      assert.match(templates.render({ ...invitation, lifetimeDays: 1 }).text, /for 1 day and only/);
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
      for (const url of [
        'javascript:alert(1)',
        '//evil.example',
        'https://a b',
        'https://a/>, <mailto:x@evil.example',
        'https://a/\r\nBcc: x@evil.example',
        '',
      ]) {
        assert.throws(() => templates.render({ ...invitation, url }), TypeError);
        assert.throws(() => templates.render({ ...invitation, blockUrl: url }), TypeError);
      }
      const privacyUrl = 'javascript:alert(1)';
      assert.throws(() => templates.render({ ...invitation, privacyUrl }), TypeError);
    });
  });

  describe('copy of an invitation', () => {
    it('R63 says who was invited, quotes the message as text and never holds a link', () => {
      const { text, html, subject, replyTo, to, headers } = templates.render(copy);
      assert.deepEqual(
        [to, subject, replyTo],
        [
          'lee@contoso.example',
          'Copy: megan@contoso.example invited teri@gmail.example to Contoso',
          'megan@contoso.example',
        ],
      );
      assert.deepEqual(linesOf(text), [
        'This is a copy for you to know. You have nothing to do.',
        'megan@contoso.example invited teri@gmail.example as a guest to Contoso.',
        'Domain: contoso.example',
        'Message from megan@contoso.example:',
        '> Hi Teri,',
        '> see you soon',
        'The link to accept was sent to teri@gmail.example alone.',
        'You get this because megan@contoso.example asked us to send a copy to lee@contoso.example.',
        'Questions? Contact help@contoso.example.',
      ]);
      assert.deepEqual(
        visible(html),
        linesOf(text).map((line) => line.replace(/^> /, '')),
      );
      assert.doesNotMatch(html + text, /<a\b|href|https?:/);
      assert.deepEqual(headers, {});
    });

    it('names nobody when the inviter is unknown', () => {
      const { text, subject } = templates.render({ ...copy, invitedBy: null, message: null });
      assert.equal(subject, 'Copy: teri@gmail.example is invited to Contoso');
      assert.match(text, /because someone asked us/);
      assert.doesNotMatch(text, /Message|null|undefined|megan/);
    });
  });

  describe('mail without an invitation', () => {
    it('S62 tells the owner of the address alone that nobody invited it, without a link', () => {
      const { text, html, subject, replyTo } = templates.render(noInvitation);
      assert.deepEqual([subject, replyTo], ['No invitation to Contoso', 'help@contoso.example']);
      assert.deepEqual(linesOf(text), [
        'We have no code for you: nobody invited this address to Contoso.',
        'Someone asked to sign in with teri@gmail.example to continue to Fabrikam Docs.',
        'If that was you, ask your contact at Contoso to invite this address, or sign in with the address that was invited.',
        'You did not ask for it? You can ignore this email; nobody was signed in.',
        'You get this because someone typed teri@gmail.example on the sign-in page of Contoso.',
        'Questions? Contact help@contoso.example.',
        'Privacy statement of Contoso:',
        'https://contoso.example/privacy',
      ]);
      assert.deepEqual(visible(html), linesOf(text));
      assert.doesNotMatch(html, /<a\b|href|<blockquote/);
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
      const calm = renderAll('calm', 'two\nlines');
      for (const [index, mail] of renderAll(name, name).entries()) {
        const { fromName, subject, text, html, headers } = mail;
        assert.deepEqual(headers, calm[index]!.headers);
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
    for (const { html } of [passcode, invitation, copy, noInvitation].map((mail) =>
      templates.render(mail),
    )) {
      assert.ok(html.split('\n').every((line) => line.length <= 76));
    }
  });

  it('stays below 20 kB whatever the names and the message', () => {
    const name = '字'.repeat(500);
    const names = { tenantName: name, invitedBy: name };
    for (const { html } of [
      templates.render({ ...passcode, ...names, clientName: name }),
      templates.render({ ...invitation, ...names, message: name }),
      templates.render({ ...copy, ...names, message: name }),
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
