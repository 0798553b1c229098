// Owns what text from outside becomes before it stands in a mail or on a page: lines that say only
// themselves.

import { parseEmailAddress } from '../domain/email-address.ts';

// Control and bidi characters forge headers and reorder sentences; invisible ones make two names
// look alike. The joiners stay, scripts and emoji need them.
const INVISIBLE = /(?![\u200C\u200D])[\p{Cf}\p{Cs}]|(?!\s)\p{Cc}/gu;
const MAX_NAME = 64;
const MAX_MESSAGE = 500;

/**
 * Makes a name of a tenant, application or person safe to stand in a sentence or header. Pure.
 *
 * @returns one line of at most 64 characters without control, bidi or invisible characters
 * @source S22; T37
 */
export function inertName(name: string): string {
  return inertText(name, MAX_NAME);
}

/**
 * The same for longer text: white space of any kind becomes one space.
 *
 * @param maxCharacters longer text is cut and ends in `…`
 */
export function inertText(text: string, maxCharacters: number): string {
  const line = text.replace(INVISIBLE, '').replace(/\s+/g, ' ').trim();
  const characters = Array.from(line);
  return characters.length <= maxCharacters
    ? line
    : `${characters.slice(0, maxCharacters - 1).join('')}…`;
}

/**
 * The same for whoever invites: a name, or an address, which may be longer than a name.
 *
 * @returns at most 254 characters for an address, else what {@link inertName} returns
 */
export function inertPerson(person: string): string {
  return parseEmailAddress(person)?.address ?? inertName(person);
}

/**
 * The same for a message: its lines, of which none is empty.
 *
 * @param message only its first 500 characters count
 * @source R63; S22
 */
export function inertLines(message: string): readonly string[] {
  const lines = message.slice(0, MAX_MESSAGE).split(/\r\n?|\n/);
  return lines.map((line) => inertText(line, MAX_MESSAGE)).filter((line) => line !== '');
}
