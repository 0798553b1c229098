// Owns judging a picture by what is in it, whatever its name says.

import type { BrandingFile } from '../domain/branding.ts';
import { findSvgFault } from './svg.ts';

/** Kinds of picture a key may take. */
export type ImageKind = 'PNG' | 'SVG' | 'JPEG' | 'ICO';

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** A few kilobytes of PNG can unfold to gigabytes in the browser of every guest. */
const MOST_PIXELS_ACROSS = 4096;
const MIN_PNG_BYTES = 33;

/**
 * Tells what a picture is.
 *
 * @param kinds those that are taken here
 * @returns its type, or what is wrong and how to mend it, parted by `; `
 */
export function readImage(
  bytes: Uint8Array,
  kinds: readonly ImageKind[],
): Pick<BrandingFile, 'type'> | { readonly fault: string } {
  const kind = kindOf(bytes);
  if (kind === undefined || !kinds.includes(kind)) {
    const found = kind === undefined ? 'no picture' : `a picture of kind ${kind}`;
    return { fault: `${found}; save it as ${kinds.join(' or ')}` };
  }
  switch (kind) {
    case 'PNG':
      return findPngFault(bytes) ?? { type: 'image/png' };
    case 'JPEG':
      return { type: 'image/jpeg' };
    case 'ICO':
      return { type: 'image/x-icon' };
    case 'SVG': {
      const fault = findSvgFault(bytes);
      return fault === undefined ? { type: 'image/svg+xml' } : { fault };
    }
  }
}

function kindOf(bytes: Uint8Array): ImageKind | undefined {
  if (startsWith(bytes, PNG)) return 'PNG';
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'JPEG';
  if (startsWith(bytes, [0, 0, 1, 0])) return 'ICO';
  const start = new TextDecoder().decode(bytes.subarray(0, 256)).trimStart();
  return start.startsWith('<') ? 'SVG' : undefined;
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

function findPngFault(bytes: Uint8Array): { readonly fault: string } | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The first chunk of a PNG says how large it is: length, `IHDR`, width, height.
  if (bytes.length < MIN_PNG_BYTES || view.getUint32(12) !== 0x49484452) {
    return { fault: 'a damaged PNG; save it again' };
  }
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (Math.max(width, height) <= MOST_PIXELS_ACROSS && Math.min(width, height) > 0) {
    return undefined;
  }
  return {
    fault: `a picture of ${width} by ${height}; make it ${MOST_PIXELS_ACROSS} by ${MOST_PIXELS_ACROSS} at most`,
  };
}
