// Owns a SAML identity provider as an upstream: the request that leaves, the answer that is judged.

import {
  type CacheProvider,
  SAML,
  type SamlConfig,
  ValidateInResponseTo,
} from '@node-saml/node-saml';
import type { Clock } from '../domain/clock.ts';
import type { Connection, SamlUpstream } from '../domain/identity-provider.ts';
import type { OutboundFetch } from '../outbound/fetch.ts';
import type { FinishOutcome, Upstream, UpstreamFault, UpstreamMemory } from './identity.ts';
import { judgeAssertion } from './saml-assertion.ts';
import { readSamlResponse, type SamlResponse } from './saml-document.ts';
import { createSamlTrust, type SamlPeer } from './saml-metadata.ts';

/** What a SAML upstream is given. */
export interface SamlUpstreamDeps {
  readonly fetch: OutboundFetch;
  readonly clock: Clock;
  /** Our entity id at the place that answers at this callback. */
  readonly entityId: (callbackUrl: string) => string;
}

const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const CANCELLED = ['AuthnFailed', 'RequestDenied'];

/**
 * Speaks SAML 2.0 Web Browser SSO with one identity provider: AuthnRequest by HTTP-Redirect, answer
 * by HTTP-POST to the callback. Answers nobody asked for are refused.
 *
 * The library checks signatures; its clock is turned off and every time is judged by `clock`, once,
 * on what was signed. `create`, `selectAccount` and `locale` have no counterpart in SAML
 * and are not sent.
 *
 * @source rules R51, R52; security requirement S54
 */
export function createSamlUpstream(
  connection: Connection & { readonly upstream: SamlUpstream },
  deps: SamlUpstreamDeps,
): Upstream {
  const { upstream } = connection;
  const trust = createSamlTrust(upstream, deps);

  return {
    async start({ state, callbackUrl, loginHint, reauthenticate }) {
      const peer = await trust.current();
      if (!peer) return { unreachable: 'metadata' };
      if (peer.certificates.length === 0)
        return { unreachable: 'no certificate that is valid now' };
      const memory: Record<string, string> = { state };
      const additionalParams = loginHint === null ? {} : { login_hint: loginHint };
      const request = library(callbackUrl, peer, memory, reauthenticate);
      const location = await request.getAuthorizeUrlAsync(state, undefined, { additionalParams });
      return { location, memory };
    },

    async finish({ callbackUrl, parameters }, memory) {
      if (parameters.get('RelayState') !== memory['state'])
        return fault('untrusted', 'relay_state');
      const response = readSamlResponse(parameters.get('SAMLResponse') ?? '');
      if ('fault' in response) return fault('untrusted', response.fault);
      const misdirected = findMisdirection(response, callbackUrl, memory);
      if (misdirected !== undefined) return fault('untrusted', misdirected);
      if (response.status[0] !== 'Success') return judgeStatus(response.status);
      if (!response.hasAssertion) return fault('untrusted', 'no_assertion');
      const peer = await trust.current();
      if (!peer) return fault('unreachable', 'metadata');
      return judge(response, callbackUrl, memory, peer);
    },

    metadata: (callbackUrl) =>
      library(callbackUrl, undefined, {}).generateServiceProviderMetadata(null),
  };

  function findMisdirection(
    { inResponseTo, destination, issuer }: SamlResponse,
    callbackUrl: string,
    memory: UpstreamMemory,
  ): string | undefined {
    if (inResponseTo === undefined || inResponseTo !== memory['requestId']) return 'in_response_to';
    // Required of what is signed: an answer made for another service must not be carried here.
    const isMeantForUs = destination === callbackUrl;
    if (!isMeantForUs && (destination !== undefined || upstream.responseSigned))
      return 'destination';
    return issuer !== undefined && issuer !== upstream.issuer ? 'issuer' : undefined;
  }

  async function judge(
    { xml }: SamlResponse,
    callbackUrl: string,
    memory: UpstreamMemory,
    peer: SamlPeer,
  ): Promise<FinishOutcome> {
    let signed = await verify(xml, callbackUrl, memory, peer);
    if ('fault' in signed && signed.fault === 'signature') {
      const renewed = await trust.renewed(peer);
      if (renewed) signed = await verify(xml, callbackUrl, memory, renewed);
    }
    if ('fault' in signed) return fault('untrusted', signed.fault);
    return judgeAssertion(signed.assertion, {
      issuer: upstream.issuer,
      audience: deps.entityId(callbackUrl),
      callbackUrl,
      requestId: memory['requestId'] ?? '',
      now: deps.clock(),
    });
  }

  async function verify(
    xml: string,
    callbackUrl: string,
    memory: UpstreamMemory,
    peer: SamlPeer,
  ): Promise<{ readonly assertion: string } | { readonly fault: string }> {
    if (peer.certificates.length === 0) return { fault: 'signature' };
    // Encoded anew from what was looked at: the library must not read the bytes in a way of its own.
    const SAMLResponse = Buffer.from(xml, 'utf8').toString('base64');
    try {
      const saml = library(callbackUrl, peer, memory);
      const { profile } = await saml.validatePostResponseAsync({ SAMLResponse });
      const assertion = profile?.getAssertionXml?.();
      return assertion === undefined ? { fault: 'no_assertion' } : { assertion };
    } catch (error) {
      return { fault: nameOf(error) };
    }
  }

  function library(
    callbackUrl: string,
    peer: SamlPeer | undefined,
    memory: Record<string, string>,
    forceAuthn = false,
  ): SAML {
    const audience = deps.entityId(callbackUrl);
    const options: SamlConfig = {
      callbackUrl,
      issuer: audience,
      audience,
      // Never empty: without one the library would not be made at all.
      idpCert: peer ? [...peer.certificates] : (done) => done(new Error('no certificate')),
      wantAssertionsSigned: true,
      wantAuthnResponseSigned: upstream.responseSigned,
      validateInResponseTo: ValidateInResponseTo.always,
      cacheProvider: requestsOf(memory),
      // -1: no clock of the library's own.
      acceptedClockSkewMs: -1,
      identifierFormat: PERSISTENT,
      // A guest's provider signs people in its own way; asking for passwords would refuse passkeys.
      disableRequestedAuthnContext: true,
      forceAuthn,
      ...(peer ? { entryPoint: peer.singleSignOnUrl } : {}),
    };
    return new SAML(options);
  }
}

/** The one request of one journey; the caller lets no journey be finished twice. */
function requestsOf(memory: Record<string, string>): CacheProvider {
  return {
    saveAsync: async (id, at) => {
      memory['requestId'] = id;
      memory['requestedAt'] = at;
      return { value: at, createdAt: Date.parse(at) };
    },
    getAsync: async (id) => (id === memory['requestId'] ? (memory['requestedAt'] ?? null) : null),
    removeAsync: async (id) => id,
  };
}

function judgeStatus(status: readonly string[]): FinishOutcome {
  // Codes are the other side's words: none but known ones may reach the log.
  const known = status.find((code) => CANCELLED.includes(code));
  return known === undefined ? fault('refused', 'status') : fault('cancelled', known);
}

function nameOf(error: unknown): string {
  const message = error instanceof Error ? error.message : '';
  if (/signature/i.test(message)) return 'signature';
  if (/audience/i.test(message)) return 'audience';
  return /NotOnOrAfter/.test(message) ? 'expired' : 'not_verified';
}

function fault(kind: UpstreamFault, detail: string): FinishOutcome {
  return { outcome: 'fault', fault: kind, detail };
}
