import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { createTransport } from 'nodemailer';
import PostalMime from 'postal-mime';
import { createTranslator } from '../../src/i18n.ts';
import { createTemplates } from '../../src/mail/templates.ts';
import { composeSamples, SENDER, SNAPSHOTS, snapshots } from '../support/mail-snapshots.ts';

describe('the mails in test/mail/snapshots', () => {
  const made = snapshots();

  it('are all there is, and no other', () => {
    assert.deepEqual(readdirSync(SNAPSHOTS).toSorted(), [...made.keys()].toSorted());
  });

  for (const [name, text] of made) {
    it(`${name} says what is mailed; npm run mails writes it anew`, () => {
      assert.equal(readFileSync(new URL(name, SNAPSHOTS), 'utf8'), text);
    });
  }
});

const MAX_BYTES = 20_000;
/** Of RFC 5322; nobody may send longer ones. */
const MAX_LINE = 998;
/** What travels without being wrapped by whoever carries it. */
const GOOD_LINE = 78;
/** A place to ask for help that ends in a sign. */
const HELP = 'https://northwind.example/help/';
const RIGHT_TO_LEFT = /^(?:ar|fa|he|ur)\b/;

/** Who may be linked to, by what a mail is for. */
const LINKED: Readonly<Record<string, RegExp>> = {
  invitation: /^https:\/\/(?:guest\.example\/northwind\/invitation|northwind\.example\/privacy)/,
  'passcode-link': /^https:\/\/guest\.example\/northwind\/signin\/[\w-]+\/link\?/,
};

async function rawOf(message: ReturnType<typeof composeSamples>[number]['message']) {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' });
  const sent = await transport.sendMail(message);
  return (sent.message as Buffer).toString('latin1');
}

for (const locale of createTranslator().locales) {
  describe(`every mail, as it leaves in ${locale}`, () => {
    for (const { id, mail, message } of composeSamples(locale)) {
      it(`S22 T38 ${id} is small, whole, and loads nothing`, async () => {
        const raw = await rawOf(message);
        const { html, text } = message;
        assert.ok(Buffer.byteLength(html) < MAX_BYTES, `${html.length} bytes of HTML`);
        for (const line of raw.split('\r\n')) assert.ok(line.length <= MAX_LINE, line);
        const body = raw.slice(raw.indexOf('\r\n\r\n'));
        for (const line of body.split('\r\n')) assert.ok(line.length <= GOOD_LINE, line);
        assert.match(html, /^[\x20-\x7e\n]*$/);

        // Nothing is loaded, nothing runs, and nothing but the link asked for is linked to.
        assert.doesNotMatch(
          html,
          /<(?:img|link|script|iframe|object|form|input|video|svg|base)\b/i,
        );
        assert.doesNotMatch(
          html,
          /\b(?:src|background|srcset|on\w+)\s*=|url\(|@import|javascript:/i,
        );
        const links = [...html.matchAll(/href="([^"]*)"/g)].map(([, url = '']) => url);
        const allowed = LINKED[id] ?? LINKED[mail.kind];
        for (const url of links) assert.match(url, allowed ?? /^$/, url);
        if (id === 'passcode-link') assert.equal(links.length, 1);

        // Read where only inline styles are; the one sheet adds the dark look, and no more.
        const sheets = [...html.matchAll(/<style>([^]*?)<\/style>/g)].map(
          ([, sheet = '']) => sheet,
        );
        assert.equal(sheets.length, 1);
        const outside = sheets[0]!.replace(/@media \(prefers-color-scheme: dark\) \{[^]*\n\}/, '');
        assert.equal(outside.trim().replace(/:root \{[^}]*\}/, ''), '');
        assert.doesNotMatch(html, /#(?:000|fff)(?:000|fff)?\b/i);
        for (const [, colours = ''] of html.matchAll(/style="([^"]*)"/g)) {
          assert.doesNotMatch(colours, /position|float|flex|grid|var\(/);
        }
        assert.match(html, /<meta name="color-scheme" content="light dark">/);
        assert.match(html, /<meta name="supported-color-schemes" content="light dark">/);
        const direction = RIGHT_TO_LEFT.test(locale) ? 'rtl' : 'ltr';
        assert.match(
          html,
          new RegExp(`^<!doctype html>\\n<html lang="${locale}" dir="${direction}">`),
        );
        for (const [table] of html.matchAll(/<table[^>]*>/g)) {
          assert.match(table, /role="presentation"/);
        }
        assert.match(html, /max-width:600px/);
        assert.ok(text.length > 100);
      });

      it(`${id} has every web address alone on its line, whoever is asked for help`, () => {
        const templates = createTemplates(createTranslator(), 'Guestpass');
        for (const support of [HELP, 'help@northwind.example']) {
          const { text, html } = templates.render({ ...mail, support });
          const lines = text.split('\n').filter((line) => line.includes('://'));
          for (const line of lines) assert.match(line, /^https?:\/\/[!-~]+$/);
          assert.equal(lines.includes(HELP), support === HELP);
          // Read from left to right, also between words that are not.
          const seen = html.replaceAll(/href="[^"]*"/g, '').split(/(?=<)/);
          for (const part of seen.filter((one) => one.includes('://'))) {
            assert.match(part, /^<(?:a|bdi|p)\b[^>]* dir="ltr"/);
          }
        }
      });

      it(`${id} has the headers of an automatic mail, and a code once, in its body alone`, async () => {
        const parsed = await PostalMime.parse(await rawOf(message));
        const header = (name: string) =>
          parsed.headers.filter(({ key }) => key === name).map(({ value }) => value);
        assert.deepEqual(header('auto-submitted'), ['auto-generated']);
        assert.deepEqual(header('x-auto-response-suppress'), ['All']);
        const [reference = ''] = header('x-entity-ref-id');
        assert.deepEqual(header('message-id'), [`<${reference}@guest.example>`]);
        assert.match(header('content-type')[0] ?? '', /^multipart\/alternative/);
        assert.deepEqual(header('x-mailer'), []);
        assert.equal(parsed.from?.address, SENDER);
        for (const name of ['Northwind', 'Guestpass']) assert.ok(parsed.from?.name.includes(name));
        assert.equal(parsed.to?.length, 1);
        assert.equal(parsed.attachments.length, 0);
        const isInvitation = mail.kind === 'invitation';
        assert.equal(header('list-unsubscribe').length, isInvitation ? 1 : 0);
        assert.deepEqual(
          header('list-unsubscribe-post'),
          isInvitation ? ['List-Unsubscribe=One-Click'] : [],
        );
        if (mail.kind !== 'passcode') return;
        const code = mail.strong ? mail.passcode.match(/.{4}/g)!.join('-') : mail.passcode;
        assert.ok(!(parsed.subject ?? '').includes(code));
        assert.ok(parsed.subject?.includes(mail.label));
        // Alone on its line; once more in the line that phones read, which is the last.
        const lines = (parsed.text ?? '').trimEnd().split(/\r?\n/);
        assert.equal(lines.filter((line) => line === code).length, 1);
        assert.equal(lines.at(-1), `@guest.example #${code}`);
        assert.equal(lines.at(-2), '');
        // In the box, and in the line a list of mails shows.
        assert.equal(parsed.html?.split(code).length, 3);
      });
    }
  });
}
