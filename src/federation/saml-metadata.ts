// Owns which certificates of a SAML identity provider are trusted now, through every roll-over.

import { X509Certificate } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { SamlUpstream } from '../domain/identity-provider.ts';
import type { OutboundFetch } from '../outbound/fetch.ts';
import { readCertificate, readSamlMetadata } from '../settings/saml-metadata.ts';

/** Where guests are sent, and what the answers are checked with. */
export interface SamlPeer {
  readonly singleSignOnUrl: string;
  /** PEM of those between their first and last moment; empty when all have ended. */
  readonly certificates: readonly string[];
}

/** What is known of one identity provider, kept fresh. */
export interface SamlTrust {
  /**
   * Asks for metadata when there is none yet, when it is a day old or when a certificate has ended.
   * @returns undefined when it cannot be reached and nothing valid is at hand
   */
  current(): Promise<SamlPeer | undefined>;
  /**
   * After a signature that fits none of the certificates: asks again, at most once a minute.
   * @param used what the signature was checked with
   * @returns undefined when nothing newer is to be had
   */
  renewed(used: SamlPeer): Promise<SamlPeer | undefined>;
}

interface Copy {
  readonly singleSignOnUrl: string | undefined;
  readonly certificates: readonly X509Certificate[];
  readonly validUntil: number | null;
  /** Epoch seconds. */
  readonly at: number;
}

const FRESH_SECONDS = 24 * 3600;
const PAUSE_SECONDS = 60;

/**
 * Keeps the metadata of one identity provider. What was configured by hand counts until metadata
 * has been read; from then on the metadata does, so a key taken out of it is trusted no longer.
 *
 * @source rules R51; security requirement S54
 */
export function createSamlTrust(
  upstream: SamlUpstream,
  { fetch, clock }: { readonly fetch: OutboundFetch; readonly clock: Clock },
): SamlTrust {
  const configured: Copy = {
    singleSignOnUrl: upstream.singleSignOnUrl,
    certificates: toCertificates(upstream.certificates),
    validUntil: null,
    at: 0,
  };
  let copy: Copy | undefined;
  let asking: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;
  let misfitAt = Number.NEGATIVE_INFINITY;

  return {
    async current() {
      const now = clock();
      // A provider that is down must not cost every guest the time-out while a copy still serves.
      const mayAsk = now - askedAt >= PAUSE_SECONDS || peer(now) === undefined;
      if (isDue(now) && mayAsk) await ask(now);
      return peer(now);
    },

    async renewed(used) {
      const now = clock();
      // Without the pause, forged answers would have us ask as often as somebody posts them.
      if (asking === undefined && now - misfitAt >= PAUSE_SECONDS && !isNewer(peer(now), used)) {
        misfitAt = now;
        await ask(now);
      } else await asking;
      const next = peer(now);
      return isNewer(next, used) ? next : undefined;
    },
  };

  function isDue(now: number): boolean {
    if (copy === undefined || now - copy.at >= FRESH_SECONDS || !isValid(copy, now)) return true;
    const { at } = copy;
    return copy.certificates.some(({ validToDate }) => {
      const end = validToDate.getTime() / 1000;
      return end > at && end <= now;
    });
  }

  function peer(now: number): SamlPeer | undefined {
    const source = copy ?? configured;
    const singleSignOnUrl = upstream.singleSignOnUrl ?? source.singleSignOnUrl;
    if (singleSignOnUrl === undefined || source.certificates.length === 0) return undefined;
    if (!isValid(source, now)) return undefined;
    const certificates = source.certificates
      .filter((certificate) => isLive(certificate, now))
      .map((certificate) => certificate.toString());
    return { singleSignOnUrl, certificates };
  }

  async function ask(now: number): Promise<void> {
    if (upstream.metadataUrl === undefined) return;
    askedAt = now;
    asking ??= read(upstream.metadataUrl, now).finally(() => (asking = undefined));
    await asking;
  }

  async function read(url: string, now: number): Promise<void> {
    const answer = await fetch(url).catch(() => undefined);
    const read = answer?.status === 200 ? readSamlMetadata(answer.text) : undefined;
    // A document of somebody else's, by mistake or not, would hand them every guest.
    if (!read || 'fault' in read || read.issuer !== upstream.issuer) return;
    copy = { ...read, certificates: toCertificates(read.certificates), at: now };
  }
}

function toCertificates(texts: readonly string[]): readonly X509Certificate[] {
  return texts
    .map(readCertificate)
    .filter((pem) => pem !== undefined)
    .map((pem) => new X509Certificate(pem));
}

function isLive({ validFromDate, validToDate }: X509Certificate, now: number): boolean {
  return validFromDate.getTime() / 1000 <= now && now < validToDate.getTime() / 1000;
}

function isValid({ validUntil }: Copy, now: number): boolean {
  return validUntil === null || now < validUntil;
}

function isNewer(next: SamlPeer | undefined, used: SamlPeer): boolean {
  return next !== undefined && next.certificates.some((pem) => !used.certificates.includes(pem));
}
