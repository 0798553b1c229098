// Owns what is stored instead of a passcode: a keyed digest over everything it is bound to.

import { createSecretKey, type KeyObject } from 'node:crypto';
import { isSameSecret, keyedDigest } from '../settings/keyed-digest.ts';

/** What a passcode is good for, and nothing else (S4). */
export interface PasscodeBinding {
  readonly tenant: string;
  readonly uid: string;
  readonly addressKey: string;
  readonly sequence: number;
}

export interface PasscodeDigests {
  /** The pepper version new digests are made with. */
  readonly currentVersion: number;
  /** @returns 32 bytes as base64url */
  digest(binding: PasscodeBinding, passcode: string): string;
  /**
   * Compares in constant time.
   * @returns false also when the pepper of that version is gone
   */
  matches(
    binding: PasscodeBinding,
    passcode: string,
    stored: { readonly digest: string; readonly pepperVersion: number },
  ): boolean;
}

/**
 * @param peppers keys of at least 32 bytes; the position is the version, the last is current. They
 *   live outside the database, so a dump alone does not give up one passcode (S3).
 */
export function createPasscodeDigests(peppers: readonly Buffer[]): PasscodeDigests {
  const keys: readonly KeyObject[] = peppers.map((pepper) => createSecretKey(pepper));
  const currentVersion = keys.length - 1;
  return {
    currentVersion,
    digest: (binding, passcode) => mac(currentVersion, binding, passcode).toString('base64url'),
    matches(binding, passcode, stored) {
      if (!keys[stored.pepperVersion]) return false;
      const expected = Buffer.from(stored.digest, 'base64url');
      const actual = mac(stored.pepperVersion, binding, passcode);
      return isSameSecret(actual, expected);
    },
  };

  function mac(version: number, binding: PasscodeBinding, passcode: string): Buffer {
    const key = keys[version];
    if (!key) throw new TypeError(`no pepper of version ${version}`);
    const { tenant, uid, addressKey, sequence } = binding;
    return keyedDigest(key, [tenant, uid, addressKey, String(sequence), passcode], 'otp1');
  }
}
