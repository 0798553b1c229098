// Owns how a browser is named: by itself and by the system it runs on, apart, so that each language
// can join them in its own way.

/** A browser as it names itself: nothing here is to be believed. */
export interface BrowserName {
  /** e.g. `Chrome`. */
  readonly browser: string;
  /** e.g. `Windows`; null when not known. */
  readonly system: string | null;
}

// No header can hold it, so no browser can name itself with it.
const BETWEEN = '\n';

/** Writes a name as one text for {@link readBrowserName}; '' for none. Pure. */
export function writeBrowserName(name: BrowserName | null): string {
  return name === null ? '' : `${name.browser}${BETWEEN}${name.system ?? ''}`;
}

/**
 * Reads what {@link writeBrowserName} wrote, and what was kept before names were kept apart:
 * `Chrome on Windows`. Pure.
 *
 * @returns null for ''
 */
export function readBrowserName(text: string): BrowserName | null {
  if (text === '') return null;
  const [, before, after] = /^(.+) on (.+)$/.exec(text) ?? [];
  const [browser = '', system = ''] = text.includes(BETWEEN)
    ? text.split(BETWEEN)
    : [before ?? text, after];
  return { browser, system: system === '' ? null : system };
}
