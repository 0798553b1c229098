// Owns chance: where passcodes and labels come from.

import { randomBytes, randomInt } from 'node:crypto';
import { STRONG_PASSCODE_ALPHABET, STRONG_PASSCODE_LENGTH } from '../domain/passcode.ts';

/** Draws a short passcode: `digits` decimal digits (8–12), every value equally likely (S2). */
export function generateShortPasscode(digits: number): string {
  // randomInt rejects and redraws; a modulo of raw bytes would favour some codes by up to 0.12 %.
  return String(randomInt(0, 10 ** digits)).padStart(digits, '0');
}

/** Draws a strong passcode: 16 characters of 5 random bits each, 80 bits in all (S9). */
export function generateStrongPasscode(): string {
  return Array.from(randomBytes(STRONG_PASSCODE_LENGTH), (byte) =>
    // 256 is a multiple of 32, so the low five bits are uniform.
    STRONG_PASSCODE_ALPHABET.charAt(byte & 31),
  ).join('');
}

/** Draws the key of a sign-in link: 128 random bits, 22 base64url characters. */
export function generateLinkKey(): string {
  return randomBytes(16).toString('base64url');
}

const LABEL_LETTERS = 'ABCDEFGHJKMNPQRSTVWXYZ';

/** Draws the two characters that tie a mail to its page, e.g. `K7`. Not a secret. */
export function generateLabel(): string {
  return `${LABEL_LETTERS.charAt(randomInt(LABEL_LETTERS.length))}${randomInt(2, 10)}`;
}
