// Owns the names of all lies of a stand-in OpenID Provider, and what its ID tokens say under each.

import type { JWTPayload } from 'jose';

/** One lie. */
export type Forgery =
  // Of the ID token
  | 'signed_by_another_key'
  | 'unknown_key_id'
  | 'alg_none'
  | 'hs256_with_client_secret'
  | 'hs256_with_public_key'
  | 'es384'
  | 'foreign_audience'
  | 'second_audience'
  | 'foreign_authorized_party'
  | 'foreign_issuer'
  | 'expired'
  | 'not_yet_valid'
  | 'issued_at_missing'
  | 'foreign_nonce'
  | 'nonce_missing'
  | 'subject_missing'
  | 'subject_empty'
  | 'subject_too_long'
  | 'address_is_none'
  | 'address_is_a_number'
  | 'address_is_empty'
  | 'name_with_controls'
  // Of the token endpoint
  | 'id_token_missing'
  | 'id_token_is_noise'
  | 'token_answer_is_html'
  | 'token_answer_without_end'
  | 'token_redirects'
  | 'client_refused'
  // Of userinfo, the ID token carrying no address
  | 'userinfo_of_another_subject'
  | 'userinfo_missing'
  // Of discovery
  | 'discovery_of_another_issuer'
  | 'discovery_with_placeholder_issuer'
  | 'discovery_redirects'
  | 'discovery_is_html'
  | 'discovery_without_authorization'
  | 'keys_inside_the_network'
  | 'keys_redirect';

/** What an ID token says under a lie; the truth for the lies that are not about claims. */
export function forgeClaims(claims: JWTPayload, forgery: Forgery | undefined): JWTPayload {
  const without = (name: string): JWTPayload =>
    Object.fromEntries(Object.entries(claims).filter(([key]) => key !== name));
  switch (forgery) {
    case 'foreign_audience':
      return { ...claims, aud: 'another-client' };
    case 'second_audience':
      return { ...claims, aud: [String(claims.aud), 'another-client'] };
    case 'foreign_authorized_party':
      return { ...claims, azp: 'another-client' };
    case 'foreign_issuer':
      return { ...claims, iss: 'https://another.example' };
    case 'expired':
      return { ...claims, exp: Number(claims.iat) - 60 };
    case 'not_yet_valid':
      return { ...claims, nbf: Number(claims.iat) + 300 };
    case 'issued_at_missing':
      return without('iat');
    case 'foreign_nonce':
      return { ...claims, nonce: 'the nonce of another sign-in' };
    case 'nonce_missing':
      return without('nonce');
    case 'subject_missing':
      return without('sub');
    case 'subject_empty':
      return { ...claims, sub: '' };
    case 'subject_too_long':
      return { ...claims, sub: 's'.repeat(256) };
    case 'address_is_none':
      return { ...claims, email: 'a@partner.example,b@other.example' };
    case 'address_is_a_number':
      return { ...claims, email: 1 };
    case 'address_is_empty':
      return { ...claims, email: '' };
    case 'name_with_controls':
      return { ...claims, name: `\u202eGuest\u0000\r\n ${'n'.repeat(300)}` };
    case 'userinfo_of_another_subject':
    case 'userinfo_missing':
      return without('email');
    default:
      return claims;
  }
}
