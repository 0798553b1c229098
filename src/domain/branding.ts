// Owns a tenant's own look: its files, its colour, and where that colour can be read.

import { contrastRatio, EDGE_CONTRAST, mix, TEXT_CONTRAST, textOn } from './contrast.ts';

/** How a tenant's pages look. Every part may be missing; nothing of it moves text or fields. */
export interface Branding {
  /** Stands for the tenant's name on light ground; on both without {@link Branding.logoDark}. */
  readonly logo?: BrandingFile;
  /** On dark ground; only together with a logo. */
  readonly logoDark?: BrandingFile;
  readonly favicon?: BrandingFile;
  /** `#rrggbb`, lower case. */
  readonly accent?: string;
  /** Behind the card: `#rrggbb`, lower case, or a picture. */
  readonly background?: string | BrandingFile;
  /** At most four. */
  readonly footerLinks?: readonly FooterLink[];
}

/** A picture, as it is served. */
export interface BrandingFile {
  readonly type: 'image/png' | 'image/jpeg' | 'image/svg+xml' | 'image/x-icon';
  readonly bytes: Uint8Array;
}

/** A link of the tenant below the card. */
export interface FooterLink {
  readonly label: string;
  readonly url: string;
}

/** The pictures of a tenant by the name they are served under. */
export type BrandingFileName = 'logo' | 'logo-dark' | 'favicon' | 'background';

/** What text stands on: the cards of `views/assets/style.css`. */
export const CARDS = Object.freeze({ light: '#ffffff', dark: '#1e2228' });

/** Where an accent can be used on one card. `null` leaves the colour as it is without branding. */
export interface AccentOnCard {
  /** Links and other small text. */
  readonly link: string | null;
  /** The same under the pointer. */
  readonly linkStrong: string | null;
  /** The ring around what has the focus. */
  readonly focus: string | null;
  /** The edge of a button, which has to be seen even where its ground is not. */
  readonly edge: string | null;
  /** Of the accent with the card. */
  readonly ratio: number;
}

/** A button in the accent: its ground, its ground under the pointer, its text. */
export interface AccentButton {
  readonly ground: string;
  readonly groundStrong: string;
  readonly text: '#ffffff' | '#000000';
}

const STRONGER = 0.25;

/**
 * A button of any colour whose text can be read, 4.5:1 at least. Pure.
 *
 * @source WCAG 1.4.3
 */
export function accentButton(accent: string): AccentButton {
  const text = textOn(accent);
  // Away from the text: what is read before is read better under the pointer.
  const groundStrong = mix(accent, text === '#ffffff' ? '#000000' : '#ffffff', STRONGER);
  return { ground: accent, groundStrong, text };
}

/**
 * Where an accent is used beside buttons: nowhere it could not be seen. Pure.
 *
 * @source WCAG 1.4.3 (links), 1.4.11 (focus and edges)
 */
export function accentOnCard(accent: string, card: keyof typeof CARDS): AccentOnCard {
  const ratio = contrastRatio(accent, CARDS[card]);
  const isText = ratio >= TEXT_CONTRAST;
  const isEdge = ratio >= EDGE_CONTRAST;
  return {
    link: isText ? accent : null,
    linkStrong: isText ? mix(accent, card === 'light' ? '#000000' : '#ffffff', STRONGER) : null,
    focus: isEdge ? accent : null,
    edge: isEdge ? accent : null,
    ratio,
  };
}

/** A picture of a tenant by its name, where it has one. */
export function brandingFileOf(
  branding: Branding | undefined,
  name: BrandingFileName,
): BrandingFile | undefined {
  if (name === 'background') {
    return typeof branding?.background === 'object' ? branding.background : undefined;
  }
  return branding?.[name === 'logo-dark' ? 'logoDark' : name];
}
