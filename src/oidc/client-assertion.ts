// Owns what a client may prove itself by where it signs instead of knowing a secret (S49).

import { errors, type Configuration } from 'oidc-provider';
import type { Clock } from '../domain/clock.ts';

/** Longest life of a client assertion, in seconds. */
const MOST_SECONDS = 300;

type AssertClaims = NonNullable<Configuration['assertJwtClientAuthClaimsAndHeader']>;

/**
 * Judges a client assertion whose signature, `iss`, `exp` and `jti` the engine has judged already.
 *
 * @source S49; RFC 9700 section 2.5
 */
export function createAssertClientClaims(clock: Clock): AssertClaims {
  return (ctx, claims) => {
    // Another server that is named beside us could bring it here as the client; so could one that
    // told the client our token endpoint as its own.
    if (claims['aud'] !== ctx.oidc.issuer) {
      throw new errors.InvalidClientAuth('audience (aud) must be the issuer identifier alone');
    }
    // One made to last is a password: whoever copies it before it is used is the client for years.
    if (!(Number(claims['exp']) <= clock() + MOST_SECONDS)) {
      throw new errors.InvalidClientAuth('expiration (exp) must be five minutes away at most');
    }
  };
}
