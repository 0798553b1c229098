// Owns the port of everything upstream: leave for an identity provider, come back with an identity.

import type { EmailAddress } from '../domain/email-address.ts';

/** What an upstream proved, checked as far as its protocol goes. */
export interface FederatedIdentity {
  /** The upstream's issuer or entity id, as it named itself in the answer. */
  readonly issuer: string;
  /** Its subject: `sub`, or the persistent NameID. */
  readonly subject: string;
  /** The verified address it asserts; whether it may assert it is judged by the caller (S50). */
  readonly address: EmailAddress;
  /** As asserted, at most 200 characters; null when nothing was said. */
  readonly displayName: string | null;
}

/** Why an upstream's answer is worth nothing. A fixture carries each of these names. */
export type UpstreamFault =
  /** The guest pressed cancel there. */
  | 'cancelled'
  /** It could not be reached, or answered nonsense: try again. */
  | 'unreachable'
  /** It says no for a reason of its own. */
  | 'refused'
  /** No address was asserted (R52). */
  | 'address_missing'
  /** `email_verified` is not exactly true in the object that has the address (S52). */
  | 'address_unverified'
  /** The answer cannot be believed: signature, audience, nonce, replay, wrapping (S52, S54). */
  | 'untrusted';

/** What must be kept between leaving and coming back; sealed by the caller. */
export type UpstreamMemory = Readonly<Record<string, string>>;

/** What is asked of an upstream. */
export interface UpstreamRequest {
  /** Unguessable; comes back as `state` or RelayState. At most 64 URL-safe characters. */
  readonly state: string;
  /** Absolute URL of the callback (OIDC) or assertion consumer service (SAML). */
  readonly callbackUrl: string;
  /** The name to suggest there. */
  readonly loginHint: string | null;
  /** What the guest reads here: one of our own languages, never what somebody asked for. */
  readonly locale: string;
  /** Ask for an account to be made (`prompt=create`). */
  readonly create: boolean;
  /** Make signed-in users pick their account (R48). */
  readonly selectAccount: boolean;
  /** Make the guest sign in again there, whatever session there is: the client asked for it. */
  readonly reauthenticate: boolean;
}

/** What came back: the query of an OIDC redirect, or the form of a SAML POST. */
export interface UpstreamAnswer {
  readonly callbackUrl: string;
  readonly parameters: URLSearchParams;
}

export type StartOutcome =
  | { readonly location: string; readonly memory: UpstreamMemory }
  /** For the log: what was wrong. */
  | { readonly unreachable: string };

export type FinishOutcome =
  | { readonly outcome: 'identity'; readonly identity: FederatedIdentity }
  | {
      readonly outcome: 'fault';
      readonly fault: UpstreamFault;
      /** For the log: what exactly was wrong, without tokens or addresses. */
      readonly detail: string;
    };

/** One upstream of one tenant. */
export interface Upstream {
  /**
   * Where to send the browser (303), and what to remember of it; or why nobody can be sent there
   * now. Never throws for what the other side does.
   */
  start(request: UpstreamRequest): Promise<StartOutcome>;
  /** Judges an answer. Never throws for what the other side sent. */
  finish(answer: UpstreamAnswer, memory: UpstreamMemory): Promise<FinishOutcome>;
  /** SAML only: our own metadata for the other side, as XML. */
  metadata?(callbackUrl: string): string;
}
