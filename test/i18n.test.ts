import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { errorTable } from '../src/domain/errors.ts';
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
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-locales-'));
  let translator: Translator;

  before(() => {
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
});

describe('views/locales', () => {
  it('has a sentence for every error that may be shown', () => {
    const t = createTranslator().in('en');
    const params = { count: 2, minutes: 2, seconds: 2, digits: 8 };
    for (const [code, { expose }] of Object.entries(errorTable)) {
      if (expose) assert.notEqual(t(`error.${code}`, params), '', code);
    }
  });
});
