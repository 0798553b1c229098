// Owns turning `branding` into a look: its files read and judged, its colour measured.

import {
  accentButton,
  accentOnCard,
  type Branding,
  type BrandingFile,
} from '../domain/branding.ts';
import { EDGE_CONTRAST, TEXT_CONTRAST } from '../domain/contrast.ts';
import { quote } from '../settings/fault.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { type ImageKind, readImage } from './branding-image.ts';
import type { BrandingSection } from './branding-schema.ts';
import { readNamedBytes } from './named-file.ts';
import { note } from './note.ts';

const KIB = 1024;
const MOST_LOGO_BYTES = 100 * KIB;
const MOST_BACKGROUND_BYTES = 300 * KIB;
const LOGO_KINDS: readonly ImageKind[] = ['PNG', 'SVG'];

/**
 * Reads the icon of an application, judged as a logo is.
 *
 * @param path where `icon` stands
 * @returns undefined when there is none, or after reporting
 * @source security requirement S57
 */
export function resolveIcon(
  reading: Reading,
  path: Path,
  icon: { readonly file: string } | undefined,
): Promise<BrandingFile | undefined> {
  return image(reading, path, icon, LOGO_KINDS);
}

/**
 * Reads a tenant's own look.
 *
 * @returns undefined when nothing is left of it; faults are reported, a colour that does not go
 *   everywhere is noted
 * @source experience, branding; security requirement S57
 */
export async function resolveBranding(
  reading: Reading,
  { accent, background, footerLinks, ...files }: BrandingSection,
): Promise<Branding | undefined> {
  if (files.logoDark && !files.logo) {
    report(reading, ['branding', 'logoDark'], 'logoDark without logo', 'add "logo"', 'key');
  }
  const logo = await image(reading, ['branding', 'logo'], files.logo, LOGO_KINDS);
  const logoDark = await image(reading, ['branding', 'logoDark'], files.logoDark, LOGO_KINDS);
  const favicon = await image(reading, ['branding', 'favicon'], files.favicon, [
    ...LOGO_KINDS,
    'ICO',
  ]);
  const behind =
    typeof background === 'string'
      ? background.toLowerCase()
      : await image(
          reading,
          ['branding', 'background'],
          background,
          ['PNG', 'JPEG'],
          MOST_BACKGROUND_BYTES,
        );
  if (accent !== undefined) noteContrast(reading, accent);
  const branding: Branding = {
    ...(logo && { logo }),
    ...(logoDark && { logoDark }),
    ...(favicon && { favicon }),
    ...(accent !== undefined && { accent: accent.toLowerCase() }),
    ...(behind && { background: behind }),
    ...(footerLinks && footerLinks.length > 0 && { footerLinks }),
  };
  return Object.keys(branding).length > 0 ? branding : undefined;
}

async function image(
  reading: Reading,
  at: Path,
  named: { readonly file: string } | undefined,
  kinds: readonly ImageKind[],
  most = MOST_LOGO_BYTES,
): Promise<BrandingFile | undefined> {
  if (named === undefined) return undefined;
  const path: Path = [...at, 'file'];
  const found = await readNamedBytes(reading, path, named.file, most);
  if (!found) return undefined;
  const read = readImage(found.bytes, kinds);
  if (!('fault' in read)) return { type: read.type, bytes: found.bytes };
  const [message = '', ...mend] = read.fault.split('; ');
  report(reading, path, `in ${quote(found.name)}: ${message}`, mend.join('; '));
  return undefined;
}

/** No colour is refused: it goes where it can be read, and its owner is told where that is. */
function noteContrast(reading: Reading, accent: string): void {
  const { ratio } = accentOnCard(accent, 'light');
  if (ratio >= TEXT_CONTRAST) return;
  const text = accentButton(accent).text === '#ffffff' ? 'white' : 'black';
  const use =
    ratio >= EDGE_CONTRAST
      ? `used for buttons, with ${text} text, and the focus, not for links`
      : `used for buttons only, with ${text} text`;
  const dark = accentOnCard(accent, 'dark');
  const also = dark.link ? `in dark mode for links too, ${shown(dark.ratio)}` : '';
  note(reading, ['branding', 'accent'], `${accent} is ${shown(ratio)} on white: ${use}`, also);
}

function shown(ratio: number): string {
  const rounded = ratio.toFixed(2);
  // 4.499 is not 4.50: a number that reads as enough would say that this one is wrong.
  const isEnough = [TEXT_CONTRAST, EDGE_CONTRAST].some((least) => Number(rounded) === least);
  return `${isEnough ? (Math.floor(ratio * 100) / 100).toFixed(2) : rounded}:1`;
}
