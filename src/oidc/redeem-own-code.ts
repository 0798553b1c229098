// Owns redeeming a code of a client that is this server itself: what the token endpoint would check,
// without a request to ourselves and without tokens that nobody needs.

import { createHash } from 'node:crypto';
import { errors } from 'oidc-provider';
import type Provider from 'oidc-provider';
import { isSameSecret } from '../settings/keyed-digest.ts';

/** What the authorization request said, and what only its sender knows. */
export interface OwnRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly verifier: string;
  readonly nonce: string;
}

/** Whom a code stands for. */
export interface RedeemedCode {
  /** `sub`. */
  readonly subject: string;
  /** The engine's name of the session it was given out in. */
  readonly sessionUid: string | undefined;
}

/**
 * Uses a code up.
 *
 * @returns undefined for one that is none, over, used, or of another request; one used twice takes
 *   what was given for it with it (RFC 6749 section 4.1.2)
 * @source RFC 6749 section 4.1.3; RFC 7636 section 4.6; OpenID Connect Core section 3.1.3.7 (nonce)
 */
export async function redeemOwnCode(
  provider: Provider,
  value: string,
  request: OwnRequest,
): Promise<RedeemedCode | undefined> {
  const code = await provider.AuthorizationCode.find(value);
  if (!code || code.clientId !== request.clientId) return undefined;
  const { redirectUri, nonce, codeChallenge, codeChallengeMethod, accountId } = code;
  const challenge = createHash('sha256').update(request.verifier).digest('base64url');
  const isOurs =
    redirectUri === request.redirectUri &&
    codeChallengeMethod === 'S256' &&
    isSameSecret(codeChallenge ?? '', challenge) &&
    isSameSecret(nonce ?? '', request.nonce);
  if (!isOurs || accountId === undefined) return undefined;
  const grant = code.grantId === undefined ? undefined : await provider.Grant.find(code.grantId);
  if (grant?.accountId !== accountId || grant.clientId !== request.clientId) return undefined;
  try {
    await code.consume();
  } catch (error) {
    if (error instanceof errors.InvalidGrant) return undefined;
    throw error;
  }
  return { subject: accountId, sessionUid: code.sessionUid };
}
