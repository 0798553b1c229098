// Owns the languages: which come along, how each calls itself, which way it is read, and which of
// them fits a wish.

/**
 * The languages that come with Guestpass by their own names, in the order they are offered: those
 * who look for theirs find it by its script, then by its letters.
 */
export const LANGUAGES: Readonly<Record<string, string>> = Object.freeze({
  en: 'English',
  de: 'Deutsch',
  es: 'Español',
  fr: 'Français',
  it: 'Italiano',
  nl: 'Nederlands',
  pl: 'Polski',
  'pt-BR': 'Português (Brasil)',
  tr: 'Türkçe',
  ar: 'العربية',
  he: 'עברית',
  ja: '日本語',
  'zh-CN': '简体中文',
});

/** A wish longer than this is none: the longest tag of use has a language, a script and a region. */
const LONGEST_TAG = 35;
/** Tags come from outside; those people really send are few. */
const MOST_KNOWN = 1_000;

/** Names a language as its readers do; one that does not come along as the platform names it. */
export function languageName(locale: string): string {
  return LANGUAGES[locale] ?? new Intl.DisplayNames([locale], { type: 'language' }).of(locale)!;
}

/** Which way a language is read. */
export function directionOf(locale: string): 'ltr' | 'rtl' {
  // TypeScript's library does not know getTextInfo yet; Node 24 does.
  const known: Intl.Locale & { getTextInfo?(): { direction: string } } = new Intl.Locale(locale);
  return known.getTextInfo?.().direction === 'rtl' ? 'rtl' : 'ltr';
}

/** Puts languages in the order of {@link LANGUAGES}, others behind them. Pure. */
export function inOfferedOrder(locales: readonly string[]): readonly string[] {
  const known = Object.keys(LANGUAGES).filter((locale) => locales.includes(locale));
  return [...known, ...locales.filter((locale) => !known.includes(locale))];
}

/**
 * Makes the judge of wishes: the language whose readers would read the wished one. Language and
 * script must be the same, the region need not: `de-AT` gets `de`, `zh-SG` gets `zh-CN`, `pt-PT` gets
 * `pt-BR`, and old codes mean the new ones (`iw` is `he`). Traditional Chinese gets no simplified one.
 *
 * @returns undefined for a wish nobody here can fulfil; never throws
 * @source BCP 47; CLDR likely subtags, by way of `Intl.Locale`
 */
export function createMatcher(locales: readonly string[]): (tag: string) => string | undefined {
  const byScript = new Map(locales.toReversed().map((locale) => [scriptOf(locale), locale]));
  const known = new Map(locales.map((locale) => [locale.toLowerCase(), locale]));
  const found = new Map<string, string | undefined>();
  return (tag) => {
    if (tag.length > LONGEST_TAG) return undefined;
    const wish = tag.toLowerCase();
    if (found.has(wish)) return found.get(wish);
    const match = known.get(wish) ?? byScript.get(scriptOf(wish));
    if (found.size >= MOST_KNOWN) found.clear();
    found.set(wish, match);
    return match;
  };
}

/** Language and script, e.g. `zh-Hans`; '' for what is no tag. */
function scriptOf(tag: string): string {
  try {
    const { language, script } = new Intl.Locale(tag).maximize();
    return `${language}-${script}`;
  } catch {
    // Half a tag is better than none: `zh-cmn-Hans` is one no more, and still says Chinese.
    const [language = ''] = tag.split('-');
    return language !== tag ? scriptOf(language) : '';
  }
}
