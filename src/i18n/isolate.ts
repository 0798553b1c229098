// Owns keeping names apart from a sentence that is read the other way.

const [ISOLATE, END] = ['\u2068', '\u2069'];
const ISOLATES = /[\u2066-\u2069]/g;
/** What a sentence is filled with. */
export type Params = Readonly<Record<string, unknown>>;

/**
 * Wraps every text of a sentence read from right to left, so that `Fabrikam (EU)` or an address in it
 * reads as it would alone: what `<bdi>` does, also where no element may stand. Pure.
 *
 * @returns the same for a language read from left to right, where readers see no difference
 * @source Unicode UAX #9, isolates
 */
export function isolateIn(direction: 'ltr' | 'rtl', params: Params): Params {
  if (direction === 'ltr') return params;
  return Object.fromEntries(
    Object.entries(params).map(([name, value]) => {
      const isWord =
        typeof value === 'string' && name !== 'context' && value !== '' && !isWebAddress(value);
      return [name, isWord ? `${ISOLATE}${value.replace(ISOLATES, '')}${END}` : value];
    }),
  );
}

/**
 * Tells a web address. It is never isolated: programs that make links would take the mark into it. So
 * it gets a line of its own, or in a sentence read from right to left what follows would stand before
 * it. Pure.
 */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\/\S+$/.test(text);
}

/** Takes the marks of {@link isolateIn} out again, for lines that mail programs judge by. Pure. */
export function withoutIsolates(text: string): string {
  return text.replace(ISOLATES, '');
}
