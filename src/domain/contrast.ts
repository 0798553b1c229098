// Owns how well one colour is read on another, by the Web Content Accessibility Guidelines.

/** A colour as files write it: `#` and six hexadecimal digits. */
export const COLOUR = /^#[0-9a-f]{6}$/i;

/** Least contrast of text with what is behind it (WCAG 1.4.3). */
export const TEXT_CONTRAST = 4.5;
/** Least contrast of the edge of a field or button, or of a focus ring (WCAG 1.4.11). */
export const EDGE_CONTRAST = 3;

/**
 * Relative luminance of a colour: 0 for black, 1 for white. Pure.
 *
 * @throws {TypeError} for anything but `#rrggbb`
 * @source WCAG 2.2, relative luminance
 */
export function relativeLuminance(colour: string): number {
  const [red, green, blue] = channelsOf(colour).map((channel) => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/**
 * Contrast of two colours, whichever is in front: 1 for the same, 21 for black and white. Pure.
 *
 * @throws {TypeError} for anything but `#rrggbb`
 * @source WCAG 2.2, contrast ratio
 */
export function contrastRatio(one: string, other: string): number {
  const [dark, light] = [relativeLuminance(one), relativeLuminance(other)].toSorted(
    (a, b) => a - b,
  ) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/**
 * The text that is read best on a colour. The two ratios multiply to 21, so the better one is the
 * root of it at least: 4.58. Pure.
 */
export function textOn(colour: string): '#ffffff' | '#000000' {
  const isWhite = contrastRatio('#ffffff', colour) >= contrastRatio('#000000', colour);
  return isWhite ? '#ffffff' : '#000000';
}

/**
 * Moves a colour towards another. Pure.
 *
 * @param share 0 leaves it, 1 makes it the other
 */
export function mix(colour: string, towards: string, share: number): string {
  const other = channelsOf(towards);
  const channels = channelsOf(colour).map((channel, index) =>
    Math.round(channel + (other[index]! - channel) * share),
  );
  return `#${channels.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

function channelsOf(colour: string): readonly number[] {
  if (!COLOUR.test(colour)) throw new TypeError(`${colour} is not a colour like #1a56b4`);
  return [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
}
