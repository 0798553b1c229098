// Owns proof that a domain's owner chose the place that signs its people in (R50).

import { Resolver } from 'node:dns/promises';
import type { Clock } from '../domain/clock.ts';
import type { Connection } from '../domain/identity-provider.ts';

/** How it stands with one domain of a connection. */
export interface DomainProof {
  readonly domain: string;
  /**
   * `missing`: DNS answered and the record is not there; `unreachable`: DNS did not answer. Both keep
   * the domain's guests from being sent there.
   */
  readonly outcome: 'not_needed' | 'proven' | 'missing' | 'unreachable';
  /** The TXT record the domain is to carry, exactly: `DirectFedAuthUrl=<url>`. */
  readonly expected: string;
}

export interface DomainProofs {
  /** Judges every domain of a connection; none for one that needs no proof of any. Never throws. */
  check(connection: Connection): Promise<readonly DomainProof[]>;
}

/** As `resolveTxt` of node:dns/promises: records, each in pieces. */
export type ResolveTxt = (domain: string) => Promise<readonly (readonly string[])[]>;

export interface DomainProofsDeps {
  /** This machine's own resolver, 3 s in all, unless given. */
  readonly resolveTxt?: ResolveTxt;
  readonly clock: Clock;
}

const PROVEN_SECONDS = 24 * 3600;
const OTHERWISE_SECONDS = 60;
const ABSENT: ReadonlySet<unknown> = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * Tells for each domain of a federation whether its sign-in page lies outside of it. Pure.
 *
 * The page is the OIDC issuer, or the SAML single sign-on URL; of a SAML connection known by metadata
 * alone it is the metadata's URL, because whoever chooses that chooses the page.
 *
 * @returns nothing for connections that are no external federation
 * @source rules R50
 */
export function proofNeeded(
  connection: Connection,
): readonly { readonly domain: string; readonly needed: boolean; readonly expected: string }[] {
  if (connection.method !== 'externalFederation' || connection.domains === 'any') return [];
  const url = loginUrlOf(connection.upstream);
  const host = URL.parse(url)?.hostname ?? '';
  return connection.domains.map((domain) => ({
    domain,
    // The dot matters: evil-example.com ends with example.com and is somebody else's.
    needed: host !== domain && !host.endsWith(`.${domain}`),
    expected: `DirectFedAuthUrl=${url}`,
  }));
}

/**
 * Creates the check. What is proven counts for a day, everything else for a minute.
 *
 * @source rules R50
 */
export function createDomainProofs({
  clock,
  resolveTxt = createResolver(),
}: DomainProofsDeps): DomainProofs {
  const known = new Map<string, { readonly outcome: DomainProof['outcome']; until: number }>();
  const asking = new Map<string, Promise<DomainProof['outcome']>>();

  return {
    check: (connection) =>
      Promise.all(
        proofNeeded(connection).map(async ({ domain, needed, expected }) => {
          const outcome = needed ? await prove(domain, expected) : 'not_needed';
          return { domain, outcome, expected };
        }),
      ),
  };

  async function prove(domain: string, expected: string): Promise<DomainProof['outcome']> {
    const key = `${domain} ${expected}`;
    const kept = known.get(key);
    if (kept && clock() < kept.until) return kept.outcome;
    const asked = asking.get(key) ?? ask(domain, expected).finally(() => asking.delete(key));
    asking.set(key, asked);
    const outcome = await asked;
    const seconds = outcome === 'proven' ? PROVEN_SECONDS : OTHERWISE_SECONDS;
    known.set(key, { outcome, until: clock() + seconds });
    return outcome;
  }

  async function ask(domain: string, expected: string): Promise<DomainProof['outcome']> {
    try {
      const records = await resolveTxt(domain);
      // A long record comes in pieces of 255 bytes.
      return records.some((pieces) => pieces.join('') === expected) ? 'proven' : 'missing';
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      return ABSENT.has(code) ? 'missing' : 'unreachable';
    }
  }
}

function loginUrlOf(upstream: Connection['upstream']): string {
  if (upstream.protocol === 'oidc') return upstream.issuer;
  return upstream.singleSignOnUrl ?? upstream.metadataUrl ?? '';
}

function createResolver(): ResolveTxt {
  const resolver = new Resolver({ timeout: 1500, tries: 2 });
  return (domain) => resolver.resolveTxt(domain);
}
