import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createTranslator } from '../../src/i18n.ts';
import { OWN_WORDS } from '../../src/tenants/wording.ts';
import { faultsIn, tenantOf } from './tenant-file.ts';

const worded = (sentences: string, locale = 'en') => `wording:\n  ${locale}:\n    ${sentences}`;

describe('OWN_WORDS', () => {
  const english = createTranslator().sentences('en');

  it('names sentences there are', () => {
    assert.deepEqual(
      OWN_WORDS.filter((id) => !english.has(id)),
      [],
    );
  });

  it('S14 S22 R70 leaves out what safety hangs on', () => {
    const open = new RegExp(
      [
        // Errors, the mail with the code and warnings, whole.
        /^error\./,
        /^mail\.(?:passcode|security-notice)\./,
        // Who is asked to trust whom, and what for; what a typed address is told.
        /^mail\..*(?:caution|reason|block|only|subject)/,
        /^page\.(?:review|leave|block-invitations|refused|error)\./,
        /^page\.(?:enter-code\.(?:text|dead|requested|find|lifetime)|send-code\.text)/,
        /^page\.invitation\.(?:heading|address|expected|target|block)/,
        /^page\.frame\.(?:signedInAs|continueTo|error|summary|noPrivacy)/,
      ]
        .map(({ source }) => source)
        .join('|'),
    );
    assert.deepEqual(
      OWN_WORDS.filter((id) => open.test(id)),
      [],
    );
  });

  it('is what docs/configuration.md lists', () => {
    const docs = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
    const table = docs.split("### A tenant's own words")[1]?.split('### ')[0] ?? '';
    const rows = table.split('\n').filter((line) => line.startsWith('| '));
    const listed = rows.flatMap((row) => Array.from(row.matchAll(/`([^`]+)`/g), ([, id]) => id!));
    assert.deepEqual(listed.toSorted(), OWN_WORDS.toSorted());
  });
});

describe('wording', () => {
  it('is kept by language and id', async () => {
    const { wording } = await tenantOf(
      worded('page.address.hint: Ask Ana') + '\n  de:\n    mail.help: "Rufen Sie {{support}} an."',
    );
    assert.deepEqual(wording, {
      en: { 'page.address.hint': 'Ask Ana' },
      de: { 'mail.help': 'Rufen Sie {{support}} an.' },
    });
    assert.equal((await tenantOf('wording: {}')).wording, undefined);
  });

  for (const [what, text, fault] of [
    [
      'an unknown sentence',
      'page.adress.hint: x',
      'a.yaml:5:5  wording.en.page.adress.hint  no sentence "page.adress.hint"; did you mean "page.address.hint"?',
    ],
    [
      'a sentence that is nothing like one',
      'hello: x',
      'a.yaml:5:5  wording.en.hello  no sentence "hello"; docs/configuration.md lists those to change',
    ],
    [
      'a sentence safety hangs on',
      'mail.passcode.secrecy: x',
      'a.yaml:5:5  wording.en.mail.passcode.secrecy  a sentence that stays as it is; docs/configuration.md lists those to change',
    ],
    [
      'an error',
      'error.guest_unavailable: x',
      'a.yaml:5:5  wording.en.error.guest_unavailable  a sentence that stays as it is; docs/configuration.md lists those to change',
    ],
    [
      'a placeholder the original has not',
      'page.invitation.again: "Ask {{invite}}"',
      'a.yaml:5:28  wording.en.page.invitation.again  no {{invite}} in this sentence; did you mean "{{inviter}}"?',
    ],
    [
      'a placeholder where there is none',
      'page.address.hint: "{{csrf}}"',
      'a.yaml:5:24  wording.en.page.address.hint  no {{csrf}} in this sentence; known here: none',
    ],
    [
      'a sentence within a sentence',
      'page.address.hint: "$t(error.internal)"',
      'a.yaml:5:24  wording.en.page.address.hint  braces around something that is no name; write placeholders like {{tenant}}',
    ],
    [
      'an unescaped placeholder',
      'page.frame.help: "{{- support}}"',
      'a.yaml:5:22  wording.en.page.frame.help  braces around something that is no name; write placeholders like {{tenant}}',
    ],
    [
      'mark-up',
      'page.address.hint: "<b>x</b>"',
      'a.yaml:5:24  wording.en.page.address.hint  angle brackets; take them out: mark-up would be shown',
    ],
    [
      'a bidi mark',
      String.raw`page.address.hint: "a\u202Eb"`,
      'a.yaml:5:24  wording.en.page.address.hint  an invisible character or a line break; type it anew, in one line',
    ],
    [
      'nothing',
      'page.address.hint: " "',
      'a.yaml:5:24  wording.en.page.address.hint  an empty sentence; write one, or delete the line',
    ],
    [
      'a number',
      'page.address.hint: 7',
      'a.yaml:5:24  wording.en.page.address.hint  expected text, found a number; put it in quotes: "7"',
    ],
    [
      'too much',
      `page.address.hint: ${'x'.repeat(301)}`,
      'a.yaml:5:24  wording.en.page.address.hint  too long: at most 300 characters',
    ],
    [
      'a link in a mail',
      'mail.invitation.about: See https://evil.example',
      'a.yaml:5:28  wording.en.mail.invitation.about  a sentence of a mail that reads like an address; write it without',
    ],
  ] as const) {
    it(`S22 S57 S61 refuses ${what}`, async () => {
      assert.deepEqual(await faultsIn(worded(text)), [fault]);
    });
  }

  it('S57 refuses a language there is not, or that nobody is offered', async () => {
    assert.deepEqual(await faultsIn(worded('page.address.hint: x', 'pt_BR')), [
      'a.yaml:4:3  wording.pt_BR  no language "pt_BR"; did you mean "pt-BR"?',
    ]);
    assert.deepEqual(await faultsIn(`languages: [de]\n${worded('page.address.hint: x')}`), [
      'a.yaml:5:3  wording.en  nobody would read it; add en to languages',
    ]);
    assert.deepEqual(await faultsIn('wording: { en: hint }'), [
      'a.yaml:3:16  wording.en  expected sentences by their ids',
    ]);
  });
});

describe('languages', () => {
  it('begins with the default, each once', async () => {
    const { language, languages } = await tenantOf('language: de\nlanguages: [fr, de, fr]');
    assert.equal(language, 'de');
    assert.deepEqual(languages, ['de', 'fr']);
    assert.equal((await tenantOf('languages: [nl, en]')).language, 'nl');
    assert.equal((await tenantOf('')).languages, undefined);
  });

  for (const [text, fault] of [
    ['language: gr', /language {2}unknown value "gr"; /],
    ['languages: []', /languages {2}a list of no language; name one, or delete the line/],
    ['languages: [en, eng]', /languages\[1\] {2}unknown value "eng"; did you mean "en"\?/],
    ['language: de\nlanguages: [en]', /^a\.yaml:3:11 {2}language {2}not one of languages; add de/],
    [
      'languages: [en]\ninvitations: { language: fr }',
      /^a\.yaml:4:26 {2}invitations\.language {2}not one of languages; add fr there$/,
    ],
  ] as const) {
    it(`S57 refuses ${text.replace('\n', ', ')}`, async () => {
      const lines = await faultsIn(text);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, fault);
    });
  }
});
