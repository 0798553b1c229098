// Owns the words: every sentence of pages and mail is looked up here by message id, from
// views/locales, one JSON file per language.

import { readdirSync, readFileSync } from 'node:fs';
import { createInstance } from 'i18next';

/** Looks a sentence up. `count` picks the plural form. @throws {TypeError} for an unknown id: a bug */
export type Translate = (id: string, params?: Readonly<Record<string, unknown>>) => string;

export interface Translator {
  /** Language tags that have a locale file, English first. */
  readonly locales: readonly string[];
  /** The sentences of one language; unknown languages fall back to English. */
  in(locale: string): Translate;
  /**
   * Picks the language for a request: the first acceptable one we have, else English.
   * @param wanted language tags, most wanted first, e.g. from `ui_locales` then Accept-Language
   */
  negotiate(wanted: readonly string[]): string;
}

const SOURCE_LANGUAGE = 'en';

/**
 * Reads all locale files once.
 *
 * @param directory the folder of `*.json`, default the package's `views/locales`
 */
export function createTranslator(
  directory: URL = new URL('../views/locales/', import.meta.url),
): Translator {
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  const resources = Object.fromEntries(
    files.map((name) => [
      name.slice(0, -'.json'.length),
      { translation: JSON.parse(readFileSync(new URL(name, directory), 'utf8')) as object },
    ]),
  );
  if (!Object.hasOwn(resources, SOURCE_LANGUAGE)) {
    throw new TypeError(`no ${SOURCE_LANGUAGE}.json in ${directory.href}`);
  }
  const i18n = createInstance();
  void i18n.init({
    resources,
    lng: SOURCE_LANGUAGE,
    fallbackLng: SOURCE_LANGUAGE,
    initAsync: false,
    // Views escape for their own context; escaping twice would show "&amp;" to people.
    interpolation: { escapeValue: false },
    parseMissingKeyHandler: (id: string) => {
      throw new TypeError(`no sentence for message id ${id}`);
    },
  });
  const known = Object.keys(resources).filter((locale) => locale !== SOURCE_LANGUAGE);
  const locales = [SOURCE_LANGUAGE, ...known.toSorted()];
  const fixed = new Map<string, Translate>(
    locales.map((locale) => {
      const t = i18n.getFixedT(locale);
      const plain = new Map(plainSentences(resources[locale]?.translation ?? {}));
      return [
        locale,
        (id, params = {}) => {
          // A page has a dozen sentences that are always the same; looking them up through the
          // whole machinery cost a third of its time.
          const known = 'count' in params || 'context' in params ? undefined : plain.get(id);
          return known ?? t(id, { ...params });
        },
      ];
    }),
  );
  return {
    locales,
    in: (locale) => fixed.get(locale) ?? fixed.get(SOURCE_LANGUAGE)!,
    negotiate: (wanted) => wanted.map(match).find((found) => found !== undefined) ?? locales[0]!,
  };

  function match(tag: string): string | undefined {
    const lower = tag.toLowerCase();
    return (
      locales.find((locale) => locale.toLowerCase() === lower) ??
      locales.find((locale) => locale.toLowerCase() === lower.split('-')[0])
    );
  }
}

/** Sentences in which nothing is filled in, by message id. */
function* plainSentences(branch: object, prefix = ''): Generator<readonly [string, string]> {
  for (const [key, value] of Object.entries(branch) as [string, unknown][]) {
    if (typeof value === 'object' && value !== null)
      yield* plainSentences(value, `${prefix}${key}.`);
    else if (typeof value === 'string' && !/\{\{|\$t\(/.test(value))
      yield [`${prefix}${key}`, value];
  }
}
