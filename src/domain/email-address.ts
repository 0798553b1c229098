// Owns what an e-mail address is here: one parser, used at every entry (S15), one match key (S16).

/** An address that passed {@link parseEmailAddress}. */
export interface EmailAddress {
  /** What mail is sent to: local part as typed, domain as lower-case A-labels. At most 254 characters. */
  readonly address: string;
  /** What equality is judged by: the address with its local part ASCII-lower-cased, compared bytewise. */
  readonly key: string;
  /** The domain as lower-case A-labels, e.g. `xn--exmple-cua.com`. */
  readonly domain: string;
}

const MAX_INPUT_BYTES = 320;
const MAX_ADDRESS = 254;
const MAX_LOCAL = 64;
const MAX_DOMAIN = 253;
const DOT_ATOM = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/;
const LDH_LABEL = /^(?!-)[a-z0-9-]{1,63}(?<!-)$/;
// Separators that mail software reads as "and another recipient" (next-auth GHSA-xv97-c62v-4587),
// plus everything invisible: a zero-width or bidi character makes two addresses look like one.
const FORBIDDEN = /[\s,;:<>()[\]"\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

/**
 * Reads one e-mail address as people type it. Pure and linear-time.
 *
 * Surrounding spaces, a leading `mailto:` and one pair of angle brackets are taken off, because
 * people paste them. Nothing else is repaired: no plus or dot folding, no locale casing.
 *
 * @param input raw text, at most 320 bytes of UTF-8; longer is refused unread
 * @returns the address, or undefined when it is not one single acceptable address
 * @throws never
 * @source RFC 5321 section 4.5.3.1, RFC 5890; security requirements S15, S16
 */
export function parseEmailAddress(input: string): EmailAddress | undefined {
  if (input.length > MAX_INPUT_BYTES || new TextEncoder().encode(input).length > MAX_INPUT_BYTES) {
    return undefined;
  }
  const text = unwrap(input);
  if (FORBIDDEN.test(text)) return undefined;
  const at = text.indexOf('@');
  // Normalising must not create or move an '@': U+FF20 folds to one (GHSA-7rqj-j65f-68wh).
  const folded = text.normalize('NFKC');
  if (at < 1 || at !== text.lastIndexOf('@') || folded.indexOf('@') !== folded.lastIndexOf('@')) {
    return undefined;
  }
  const local = text.slice(0, at);
  const domain = toDomain(text.slice(at + 1));
  if (!domain || local.length > MAX_LOCAL || !DOT_ATOM.test(local)) return undefined;
  const address = `${local}@${domain}`;
  if (address.length > MAX_ADDRESS) return undefined;
  return { address, key: `${asciiLower(local)}@${domain}`, domain };
}

/**
 * Reads a domain name as lower-case A-labels. Pure.
 *
 * @returns the domain, or undefined for anything that is not a host name of at least two labels
 *   (IP literals, trailing dots, empty labels, more than 253 characters)
 * @source UTS 46 ToASCII; RFC 5890
 */
export function toDomain(input: string): string | undefined {
  if (input === '' || input.endsWith('.') || /[/?#@:\\%\s]/.test(input)) return undefined;
  // The fullwidth stop of U+3002 folds to '.', so a look-alike would resolve to the real domain.
  if (/[\u3002\uFF0E\uFF61]/.test(input)) return undefined;
  let ascii: string;
  try {
    ascii = new URL(`http://${input}`).hostname;
  } catch {
    return undefined;
  }
  if (ascii.length > MAX_DOMAIN || /^[0-9.]+$/.test(ascii)) return undefined;
  const labels = ascii.split('.');
  return labels.length >= 2 && labels.every((label) => LDH_LABEL.test(label)) ? ascii : undefined;
}

/**
 * Hides most of an address for logs: first and last character of the local part, whole domain.
 *
 * @example maskEmailAddress('teri@gmail.com') === 't**i@gmail.com'
 */
export function maskEmailAddress(address: string): string {
  const at = address.lastIndexOf('@');
  if (at < 1) return '***';
  const local = address.slice(0, at);
  const masked = local.length < 3 ? '**' : `${local[0]}**${local.at(-1)}`;
  return `${masked}${address.slice(at)}`;
}

function unwrap(input: string): string {
  const text = input.replace(/^[ \t]+|[ \t\r\n]+$/g, '').replace(/^mailto:/i, '');
  return text.startsWith('<') && text.endsWith('>') ? text.slice(1, -1) : text;
}

function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => String.fromCharCode(letter.charCodeAt(0) + 32));
}
