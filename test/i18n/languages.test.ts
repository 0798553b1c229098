import assert from 'node:assert/strict';
import {
  createMatcher,
  directionOf,
  inOfferedOrder,
  languageName,
  LANGUAGES,
} from '../../src/i18n/languages.ts';

describe('LANGUAGES', () => {
  it('names each language as its readers do, by a tag of BCP 47', () => {
    for (const [locale, name] of Object.entries(LANGUAGES)) {
      assert.equal(new Intl.Locale(locale).toString(), locale);
      const known = new Intl.DisplayNames([locale], { type: 'language' }).of(locale)!;
      // 简体中文 says which Chinese it is; the platform names the country.
      if (locale !== 'zh-CN') assert.equal(name.toLowerCase(), known.toLowerCase());
    }
  });
});

describe('languageName', () => {
  it('names a language that does not come along too', () => {
    assert.equal(languageName('de'), 'Deutsch');
    assert.equal(languageName('sv'), 'svenska');
  });
});

describe('directionOf', () => {
  it('is rtl for Arabic and Hebrew alone', () => {
    const rtl = Object.keys(LANGUAGES).filter((locale) => directionOf(locale) === 'rtl');
    assert.deepEqual(rtl, ['ar', 'he']);
  });
});

describe('inOfferedOrder', () => {
  it('puts what comes along in its order, and others behind', () => {
    assert.deepEqual(inOfferedOrder(['ja', 'sv', 'de', 'en']), ['en', 'de', 'ja', 'sv']);
  });
});

describe('createMatcher', () => {
  const match = createMatcher(Object.keys(LANGUAGES));

  for (const [tag, locale] of [
    ['de', 'de'],
    ['de-AT', 'de'],
    ['DE-ch-1996', 'de'],
    ['zh', 'zh-CN'],
    ['zh-Hans', 'zh-CN'],
    ['zh-SG', 'zh-CN'],
    ['zh-Hans-HK', 'zh-CN'],
    ['cmn-Hans', 'zh-CN'],
    ['zh-cmn-Hans', 'zh-CN'],
    ['zh-TW', undefined],
    ['zh-Hant', undefined],
    ['pt', 'pt-BR'],
    ['pt-PT', 'pt-BR'],
    ['pt-br', 'pt-BR'],
    ['iw', 'he'],
    ['he-IL', 'he'],
    ['ar-EG', 'ar'],
    ['en-x-pirate', 'en'],
    ['sv', undefined],
    ['tlh', undefined],
    ['*', undefined],
    ['', undefined],
    ['__proto__', undefined],
    ['../../etc/passwd', undefined],
    [`de-${'x'.repeat(40)}`, undefined],
  ] as const) {
    it(`finds ${locale ?? 'nothing'} for ${tag === '' ? 'an empty tag' : tag}`, () => {
      assert.equal(match(tag), locale);
      assert.equal(match(tag), locale, 'again, from memory');
    });
  }

  it('S59 does not remember every word a stranger sends', () => {
    for (let sent = 0; sent < 20_000; sent += 1) match(`q${sent}`);
    assert.equal(match('de'), 'de');
  });
});
