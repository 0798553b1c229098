// Owns the words: every sentence of pages and mail is looked up here by message id, from
// views/locales, one JSON file per language, and from what a tenant says in its own words.

import { readdirSync, readFileSync } from 'node:fs';
import { createInstance } from 'i18next';
import type { Wording } from './domain/tenant.ts';
import { createMatcher, inOfferedOrder } from './i18n/languages.ts';

/** Looks a sentence up. `count` picks the plural form. @throws {TypeError} for an unknown id: a bug */
export type Translate = (id: string, params?: Readonly<Record<string, unknown>>) => string;

export interface Translator {
  /** Language tags that have a locale file, English first, then as they are offered. */
  readonly locales: readonly string[];
  /**
   * The sentences of one language; unknown languages fall back to English.
   * @param wording sentences of a tenant's own, which take the place of these
   */
  in(locale: string, wording?: Wording): Translate;
  /** Every sentence of one language by message id, plural forms each by themselves. */
  sentences(locale: string): ReadonlyMap<string, string>;
  /**
   * Picks a language: the first wish that can be fulfilled, else English.
   * @param wanted language tags, most wanted first, e.g. from `ui_locales` then Accept-Language
   * @param offered those to pick from; default all
   */
  negotiate(wanted: Iterable<string>, offered?: readonly string[]): string;
}

const SOURCE_LANGUAGE = 'en';

type Branch = { readonly [key: string]: string | Branch };

/**
 * Reads all locale files once.
 *
 * @param directory the folder of `*.json`, default the package's `views/locales`
 */
export function createTranslator(
  directory: URL = new URL('../views/locales/', import.meta.url),
): Translator {
  const trees = new Map<string, Branch>(
    readdirSync(directory)
      .filter((name) => name.endsWith('.json'))
      .map((name) => [
        name.slice(0, -'.json'.length),
        JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as Branch,
      ]),
  );
  const source = trees.get(SOURCE_LANGUAGE);
  if (!source) throw new TypeError(`no ${SOURCE_LANGUAGE}.json in ${directory.href}`);
  const locales = inOfferedOrder([...trees.keys()].toSorted());
  const match = createMatcher(locales);
  const shipped = new Map([...trees].map(([locale, tree]) => [locale, translate(locale, tree)]));
  const sentences = new Map(
    [...trees].map(([locale, tree]) => [locale, new Map(sentencesOf(tree))]),
  );
  // A snapshot's wording goes with it, and so do the sentences made of it.
  const worded = new WeakMap<Wording, Map<string, Translate>>();

  return {
    locales,
    in(locale, wording) {
      const known = trees.has(locale) ? locale : SOURCE_LANGUAGE;
      const own = wording?.[known];
      return wording && own ? inOwnWords(known, wording, own) : shipped.get(known)!;
    },
    sentences: (locale) => sentences.get(locale) ?? new Map(),
    negotiate(wanted, offered) {
      for (const tag of wanted) {
        const found = match(tag);
        if (found !== undefined && (offered?.includes(found) ?? true)) return found;
      }
      return offered?.[0] ?? SOURCE_LANGUAGE;
    },
  };

  function inOwnWords(locale: string, wording: Wording, own: Wording[string]): Translate {
    const made = worded.get(wording) ?? new Map<string, Translate>();
    worded.set(wording, made);
    const known = made.get(locale) ?? translate(locale, withOwn(trees.get(locale)!, own));
    made.set(locale, known);
    return known;
  }

  function translate(locale: string, tree: Branch): Translate {
    const t = fixedT(locale, { [SOURCE_LANGUAGE]: source!, [locale]: tree });
    const sentences = [...sentencesOf(tree)];
    const plain = new Map(sentences.filter(([, sentence]) => !/\{\{|\$t\(/.test(sentence)));
    return (id, params = {}) => {
      // A page has a dozen sentences that are always the same; looking them up through the
      // whole machinery cost a third of its time.
      const known = 'count' in params || 'context' in params ? undefined : plain.get(id);
      return known ?? t(id, { ...params });
    };
  }
}

function fixedT(
  locale: string,
  trees: Readonly<Record<string, Branch>>,
): (id: string, params: Record<string, unknown>) => string {
  const i18n = createInstance();
  void i18n.init({
    resources: Object.fromEntries(
      Object.entries(trees).map(([name, translation]) => [name, { translation }]),
    ),
    lng: locale,
    fallbackLng: SOURCE_LANGUAGE,
    initAsync: false,
    // Views escape for their own context; escaping twice would show "&amp;" to people.
    interpolation: { escapeValue: false },
    parseMissingKeyHandler: (id: string) => {
      throw new TypeError(`no sentence for message id ${id}`);
    },
  });
  return i18n.getFixedT(locale);
}

function withOwn(tree: Branch, own: Readonly<Record<string, string>>, prefix = ''): Branch {
  return Object.fromEntries(
    Object.entries(tree).map(([key, value]) => {
      const id = `${prefix}${key}`;
      return [key, typeof value === 'string' ? (own[id] ?? value) : withOwn(value, own, `${id}.`)];
    }),
  );
}

function* sentencesOf(branch: Branch, prefix = ''): Generator<readonly [string, string]> {
  for (const [key, value] of Object.entries(branch)) {
    if (typeof value === 'string') yield [`${prefix}${key}`, value];
    else yield* sentencesOf(value, `${prefix}${key}.`);
  }
}
