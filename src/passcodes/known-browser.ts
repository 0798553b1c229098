// Owns how a browser is known again: a token that only a browser gets in which the guest has signed
// in, and that says nothing about whose it is (S10).

import { createSecretKey, randomBytes } from 'node:crypto';
import { isSameSecret, keyedDigest } from '../settings/keyed-digest.ts';

/** How long a browser is known after its token was made, in seconds: 90 days. */
export const KNOWN_BROWSER_SECONDS = 90 * 86_400;

/** After so long a token is made anew at the next sign-in, in seconds: a day. */
const RENEW_SECONDS = 86_400;

/** Whose browser it is. Nothing of it stands in the token. */
export interface BrowserOwner {
  readonly tenant: string;
  readonly addressKey: string;
  /** Id of the guest: whoever is invited anew to the same address is somebody else (T84). */
  readonly guest: string;
  /** When what was given to the guest was last ended: tokens from before are worth nothing (R68). */
  readonly revokedAt: number | null;
}

/** What a good token says. */
export interface KnownBrowser {
  /** 128 random bits as base64url: the same for as long as the browser is known. */
  readonly nonce: string;
  /** Epoch seconds. */
  readonly madeAt: number;
}

export interface KnownBrowsers {
  /** What a token says, if it is good for this owner now. Takes as long when it is not. */
  read(token: string, owner: BrowserOwner, now: number): KnownBrowser | undefined;
  /**
   * The token for a browser in which the owner has just signed in.
   *
   * @param token what the browser has; of this owner, it keeps its nonce, so that signing in again
   *   refills no pool
   * @returns undefined while the one it has is younger than a day
   */
  renew(token: string | undefined, owner: BrowserOwner, now: number): string | undefined;
}

const SHAPE = /^(\d{1,3})\.([\w-]{22})\.([0-9a-z]{1,10})\.([\w-]{43})$/;

/**
 * @param keys 32 bytes or more each, used for nothing else; the position is the version, the last one
 *   is current, and old ones still verify
 * @source S10; OWASP device cookies
 */
export function createKnownBrowsers(keys: readonly Buffer[]): KnownBrowsers {
  const secrets = keys.map((key) => createSecretKey(key));
  const current = secrets.length - 1;

  const read: KnownBrowsers['read'] = (token, owner, now) => {
    const [, version, nonce = '', time = '', given = ''] = SHAPE.exec(token) ?? [];
    if (version === undefined || !secrets[Number(version)]) return undefined;
    const madeAt = Number.parseInt(time, 36);
    const expected = mac(Number(version), owner, nonce, time);
    const isOwn = isSameSecret(Buffer.from(given, 'base64url'), expected);
    return isOwn && now < madeAt + KNOWN_BROWSER_SECONDS ? { nonce, madeAt } : undefined;
  };

  return {
    read,
    renew(token, owner, now) {
      const known = token === undefined ? undefined : read(token, owner, now);
      if (known && now < known.madeAt + RENEW_SECONDS) return undefined;
      const nonce = known?.nonce ?? randomBytes(16).toString('base64url');
      const time = now.toString(36);
      const seal = mac(current, owner, nonce, time).toString('base64url');
      return `${current}.${nonce}.${time}.${seal}`;
    },
  };

  function mac(version: number, owner: BrowserOwner, nonce: string, time: string): Buffer {
    const { tenant, addressKey, guest, revokedAt } = owner;
    const parts = [tenant, addressKey, guest, String(revokedAt), nonce, time];
    return keyedDigest(secrets[version]!, parts, 'known-browser1');
  }
}
