// Owns what must never be found anywhere: every code, token, cookie, key and address that was seen.

import type { Answer } from '../support/jar.ts';
import { passcodeIn } from '../support/world.ts';

/** Why something is secret, for the failing test to say. */
export type SecretKind =
  'address' | 'code' | 'configuration' | 'cookie' | 'form token' | 'passcode' | 'ticket' | 'token';

const found = new Map<string, SecretKind>();

/** Cookies of the engine's that hold a sign-in's uid, which stands in URLs and proves nothing (S24). */
const UID_COOKIE = /^(?:__Secure-)?(?:interaction|resume)$/;

/** Everything secret that the harness has seen so far. */
export const secrets = {
  all: found as ReadonlyMap<string, SecretKind>,

  add(kind: SecretKind, ...values: readonly string[]): void {
    for (const value of values) if (value.length >= 8) found.set(value, kind);
  },

  /** An address of a guest: it is written into some places, and into none beside them. */
  meet(address: string): void {
    if (/^[^@\s]{2,}@[^@\s]+$/.test(address)) found.set(address.toLowerCase(), 'address');
  },

  /** Takes the secrets out of an answer. */
  learn({ headers, location, text }: Answer): void {
    for (const line of headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (!UID_COOKIE.test(name)) secrets.add('cookie', value);
    }
    const query = URL.parse(location ?? '', 'https://nowhere.example')?.searchParams;
    secrets.add('code', query?.get('code') ?? '');
    secrets.add('ticket', query?.get('ticket') ?? '');
    for (const [, value = ''] of text.matchAll(/name="(?:csrf|restart)" value="([^"]*)"/g)) {
      secrets.add('form token', value);
    }
    for (const [, value = ''] of text.matchAll(/"(?:access|id|refresh)_token":"([^"]+)"/g)) {
      secrets.add('token', value);
    }
  },

  /** Takes the secrets out of the text of a mail. */
  read(text: string): void {
    for (const [, ticket = ''] of text.matchAll(/[?&]ticket=([\w.-]+)/g)) {
      secrets.add('ticket', ticket);
    }
    if (/^(?:[0-9]{8,12}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})$/m.test(text)) {
      secrets.add('passcode', passcodeIn(text));
    }
  },
};
