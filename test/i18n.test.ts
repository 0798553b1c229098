import assert from 'node:assert/strict';
import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorTable } from '../src/domain/errors.ts';
import { directionOf, LANGUAGES } from '../src/i18n/languages.ts';
import { createTranslator, type Translator } from '../src/i18n.ts';

const SENTENCES = {
  en: {
    hello: 'Hello {{name}}',
    tries_one: '{{count}} try',
    tries_other: '{{count}} tries',
    only: 'x',
  },
  de: {
    hello: 'Hallo {{name}}',
    tries_one: '{{count}} Versuch',
    tries_other: '{{count}} Versuche',
  },
  'zh-CN': { hello: '你好 {{name}}', tries_other: '{{count}} 次' },
};

describe('createTranslator', () => {
  let folder: string;
  let translator: Translator;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-locales-'));
    for (const [locale, sentences] of Object.entries(SENTENCES)) {
      writeFileSync(join(folder, `${locale}.json`), JSON.stringify(sentences));
    }
    writeFileSync(join(folder, 'README.md'), 'not a locale');
    translator = createTranslator(pathToFileURL(`${folder}/`));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('knows the languages that have a file, English first', () => {
    assert.deepEqual(translator.locales, ['en', 'de', 'zh-CN']);
  });

  it('looks a sentence up and leaves escaping to the views', () => {
    assert.equal(translator.in('de')('hello', { name: '<b>' }), 'Hallo <b>');
  });

  it('S61 does not read a parameter as a sentence or a placeholder', () => {
    assert.equal(
      translator.in('en')('hello', { name: '{{count}} $t(only)' }),
      'Hello {{count}} $t(only)',
    );
  });

  it('picks the plural form of the language', () => {
    assert.equal(translator.in('en')('tries', { count: 1 }), '1 try');
    assert.equal(translator.in('en')('tries', { count: 2 }), '2 tries');
    assert.equal(translator.in('zh-CN')('tries', { count: 1 }), '1 次');
  });

  it('falls back to English for a sentence or a language it lacks', () => {
    assert.equal(translator.in('de')('only'), 'x');
    assert.equal(translator.in('fr')('hello', { name: 'A' }), 'Hello A');
  });

  it('throws for a message id nobody wrote', () => {
    assert.throws(() => translator.in('de')('no.such.sentence'), TypeError);
  });

  it('says a sentence in the words of a tenant, in the language they are written in alone', () => {
    const wording = { de: { hello: 'Moin {{name}}', tries_one: 'ein Versuch' } };
    assert.equal(translator.in('de', wording)('hello', { name: 'A' }), 'Moin A');
    assert.equal(translator.in('de', wording)('tries', { count: 1 }), 'ein Versuch');
    assert.equal(translator.in('de', wording)('tries', { count: 2 }), '2 Versuche');
    assert.equal(translator.in('en', wording)('hello', { name: 'A' }), 'Hello A');
    assert.equal(translator.in('de')('hello', { name: 'A' }), 'Hallo A');
    // Without a word of its own nothing is made anew.
    assert.equal(translator.in('en', wording), translator.in('en'));
    assert.equal(translator.in('de', wording), translator.in('de', wording));
  });

  it('lists every sentence by its id', () => {
    assert.deepEqual([...translator.sentences('zh-CN').keys()], ['hello', 'tries_other']);
    assert.deepEqual([...translator.sentences('fr')], []);
  });

  const wishes: readonly (readonly [wanted: readonly string[], locale: string])[] = [
    [['de'], 'de'],
    [['de-AT'], 'de'],
    [['zh-cn'], 'zh-CN'],
    [['fr', 'de'], 'de'],
    [['fr'], 'en'],
    [[], 'en'],
    [['*', '../../etc/passwd', '__proto__'], 'en'],
  ];
  for (const [wanted, locale] of wishes) {
    it(`answers [${wanted.join(', ')}] in ${locale}`, () => {
      assert.equal(translator.negotiate(wanted), locale);
    });
  }

  it('picks from what is offered alone, and the first of it where no wish can be fulfilled', () => {
    assert.equal(translator.negotiate(['zh', 'de'], ['en', 'de']), 'de');
    assert.equal(translator.negotiate(['zh'], ['de', 'en']), 'de');
  });
});

describe('views/locales', () => {
  it('has a sentence for every error that may be shown', () => {
    const t = createTranslator().in('en');
    const params = { count: 2, minutes: 2, seconds: 2, digits: 8 };
    for (const [code, { expose }] of Object.entries(errorTable)) {
      if (expose) assert.notEqual(t(`error.${code}`, params), '', code);
    }
  });

  const real = createTranslator();

  it('holds every language that is offered, and no other', () => {
    assert.deepEqual(real.locales, Object.keys(LANGUAGES));
    assert.equal(real.locales.length, 13);
  });

  const english = real.sentences('en');
  // Some codes of errors end so too: two forms make a plural.
  const pluralBases = [...english.keys()]
    .filter((id) => id.endsWith('_one'))
    .map((id) => id.slice(0, -'_one'.length))
    .filter((base) => english.has(`${base}_other`));
  const baseOf = (id: string) =>
    pluralBases.find((base) => id.startsWith(`${base}_`) && !english.has(id)) ??
    pluralBases.find((base) => id === `${base}_one` || id === `${base}_other`);

  for (const locale of real.locales) {
    const sentences = real.sentences(locale);
    const { pluralCategories } = new Intl.PluralRules(locale).resolvedOptions();

    it(`has every sentence of English in ${locale}, and none besides`, () => {
      const single = [...english.keys()].filter((id) => baseOf(id) === undefined);
      const plural = pluralBases.flatMap((base) =>
        pluralCategories.map((category) => `${base}_${category}`),
      );
      assert.deepEqual([...sentences.keys()].toSorted(), [...single, ...plural].toSorted());
    });

    it(`fills the same words into every sentence in ${locale}`, () => {
      for (const [id, sentence] of sentences) {
        const base = baseOf(id);
        const original = english.get(base === undefined ? id : `${base}_other`) ?? '';
        const wanted = placeholders(original);
        const found = placeholders(sentence);
        const category = base === undefined ? '' : id.slice(base.length + 1);
        // A form of one or two numbers may name them in words.
        const isNamed = category !== '' && numbersOf(locale, category) <= 2;
        const count = isNamed && !found.includes('count') ? ['count'] : [];
        assert.deepEqual([...found, ...count].toSorted(), wanted.toSorted(), `${locale} ${id}`);
        assert.doesNotMatch(sentence.replaceAll(/\{\{\w+\}\}/g, ''), /[{}]|\$t\(/, id);
      }
    });

    it(`S22 S61 has neither mark-up nor anything invisible in ${locale}`, () => {
      for (const [id, sentence] of sentences) {
        assert.doesNotMatch(sentence, /[<>]|&#?\w+;/, id);
        assert.doesNotMatch(sentence, INVISIBLE, id);
        assert.equal(sentence, sentence.trim(), id);
        assert.doesNotMatch(sentence, / {2}/, id);
        assert.notEqual(sentence, '', id);
      }
    });

    if (directionOf(locale) === 'rtl') {
      it(`begins what joins two names in its own script in ${locale}, so that it is read its own way`, () => {
        const joined = sentences.get('browser') ?? '';
        assert.match(joined, /^[\p{Script=Arabic}\p{Script=Hebrew}]/u);
      });
    }

    if (locale === 'en') continue;
    it(`leaves no sentence in English in ${locale}`, () => {
      const left = [...sentences].filter(
        ([id, sentence]) => sentence === english.get(id) && wordsOf(sentence) > MOST_SAME_WORDS,
      );
      assert.deepEqual(left, []);
    });

    it(`finds a form of every number in ${locale}`, () => {
      for (const count of [0, 1, 2, 3, 5, 11, 21, 100, 1_000_000]) {
        const said = real.in(locale)('page.code-expired.text', { count });
        assert.notEqual(said, real.in('en')('page.code-expired.text', { count }));
      }
    });
  }
});

/** Bidi controls turn a sentence around, joiners stay: some scripts cannot be written without. */
const INVISIBLE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
/** `Code`, `HTML part`, a name: as long as a sentence that is the same in two languages may be. */
const MOST_SAME_WORDS = 2;

function placeholders(sentence: string): string[] {
  return [...new Set(Array.from(sentence.matchAll(/\{\{(\w+)\}\}/g), ([, name]) => name!))];
}

/** How many of the first thousand numbers a form stands for. */
function numbersOf(locale: string, category: string): number {
  const rules = new Intl.PluralRules(locale);
  return Array.from({ length: 1_000 }, (_, count) => count).filter(
    (count) => rules.select(count) === category,
  ).length;
}

function wordsOf(sentence: string): number {
  return sentence.replaceAll(/\{\{\w+\}\}/g, '').match(/\p{L}+/gu)?.length ?? 0;
}

describe('views', () => {
  const root = new URL('../views/', import.meta.url);
  // Those of the preview speak to admins, in English as the command line does.
  const files = globSync('{*,partials/*,mail/*}.ejs', { cwd: root });

  it('hold no words of their own: every sentence is in views/locales', () => {
    assert.ok(files.length > 30);
    for (const file of files) {
      assert.deepEqual(wordsIn(readFileSync(new URL(file, root), 'utf8')), [], file);
    }
  });

  for (const [what, source] of [
    ['between tags', '<p>\n<%= t("a") %> Hello</p>'],
    ['in an attribute', '<a class="x" title="Go back" href="/">'],
    ['in a label that is made in part', '<ul aria-label="Links of <%= tenantName %>">'],
    ['in code', "<%- partial('head', { heading: 'Sign in' }) %>"],
    ['after a condition', '<% if (a < 2) { %>Now<% } %>'],
  ] as const) {
    it(`would be noticed with words ${what}`, () => assert.equal(wordsIn(source).length, 1));
  }
});

/** Words a view shows by itself, in text, in attributes that are read out, and in code. */
function wordsIn(source: string): readonly string[] {
  const code = source.match(/<%[^]*?%>/g) ?? [];
  const markup = source.replaceAll(/<%[^]*?%>/g, '').replaceAll(/<style>[^]*?<\/style>/g, '');
  const attributes = markup.matchAll(/\s(?:aria-[a-z]+|title|alt|placeholder|label)="([^"]*)"/g);
  return [
    ...markup.split(/<[^>]*>/),
    // An id that an attribute refers to is no word.
    ...Array.from(attributes, ([all, value]) => (/aria-(?!label=)/.test(all) ? '' : value!)),
    ...code.flatMap((tag) => tag.match(/'\p{Lu}[^']*\s[^']*'|"\p{Lu}[^"]*\s[^"]*"/gu) ?? []),
  ].filter((text) => /\p{L}/u.test(text.replaceAll(/&\w+;/g, '')));
}
