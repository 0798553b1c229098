// Owns what the doctor asks other machines: the proxy in front, the relay, DNS, identity providers.

import { createPublicKey, X509Certificate } from 'node:crypto';
import { Resolver } from 'node:dns/promises';
import type { Clock } from '../domain/clock.ts';
import type { Connection } from '../domain/identity-provider.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { createDiscovery } from '../federation/oidc-discovery.ts';
import { createSamlTrust } from '../federation/saml-metadata.ts';
import { findRelayFault } from '../mail/relay-check.ts';
import { createOutboundFetch, createOutboundWebFetch } from '../outbound/fetch.ts';
import type { DkimSettings, MailSettings } from '../settings/settings.ts';
import { broken, doubtful, fine, type Finding } from './doctor-finding.ts';
import { ask } from './healthcheck.ts';

const SOON_SECONDS = 30 * 86_400;

/** Asks for a tenant's discovery the way guests come: through the proxy in front. */
export async function checkPublicUrl(
  publicUrl: string,
  tenant: Tenant | undefined,
): Promise<Finding> {
  const check = 'publicUrl';
  const path = tenant ? `/${tenant.id}/v2.0/.well-known/openid-configuration` : '/';
  const answer = await ask({ url: `${publicUrl}${path}` });
  const isHttps = publicUrl.startsWith('https:');
  if ('fault' in answer) {
    const says = `${publicUrl} does not answer: ${answer.fault}`;
    const mend = 'start the server, and the proxy in front of it';
    // Before the first start on one machine that is as it should be.
    return isHttps ? broken(check, says, mend) : doubtful(check, says, mend);
  }
  if (answer.status !== 200) {
    const says = `${publicUrl}${path} answers ${answer.status}`;
    return broken(check, says, 'let the proxy hand on every path, and the Host header as it came');
  }
  return isHttps
    ? fine(check, publicUrl)
    : doubtful(check, `${publicUrl} is this machine alone`, 'set an https publicUrl for guests');
}

/** Asks the relay, and DNS what receivers will find about the sender's domain. */
export async function checkMail(
  { transport, from, dkim }: MailSettings,
  tenants: readonly Pick<Tenant, 'mail'>[],
  resolveTxt: ResolveTxt = createResolveTxt(),
): Promise<readonly Finding[]> {
  if (transport.kind === 'mailbox') {
    const mend = 'set mail.transport to your relay for guests to get any';
    return [doubtful('mail', 'is kept in a page of this server', mend)];
  }
  const where = `${transport.host}:${transport.port}`;
  const fault = await findRelayFault(transport);
  const relay =
    fault === undefined
      ? fine('mail relay', where)
      : broken(
          'mail relay',
          `${where}  ${fault}`,
          'mend mail.transport and mail.auth, or the relay',
        );
  const senders = [from, ...tenants.map(({ mail }) => mail?.from ?? from)];
  const domains = new Set(senders.map((sender) => sender.slice(sender.lastIndexOf('@') + 1)));
  const records: Finding[] = [];
  for (const domain of domains) {
    records.push(await checkRecord('SPF', domain, [domain], 'v=spf1', resolveTxt));
    records.push(await checkRecord('DMARC', domain, parentsOf(domain), 'v=DMARC1', resolveTxt));
  }
  return [
    relay,
    ...records,
    ...(dkim ? [await checkDkim(dkim, resolveTxt), ...findUnsigned(dkim.domain, domains)] : []),
  ];
}

/** A signature of another domain does not count for DMARC. */
function findUnsigned(signer: string, domains: ReadonlySet<string>): readonly Finding[] {
  const others = [...domains].filter((name) => name !== signer && !name.endsWith(`.${signer}`));
  const mend =
    'let the relay sign its mail, or give the tenant a sender below the domain that signs';
  return others.map((name) => doubtful('DKIM', `nothing here signs for ${name}`, mend));
}

/** Compares the key that receivers find with the one that mail is signed with. */
async function checkDkim(
  { domain, selector, privateKey }: DkimSettings,
  resolveTxt: ResolveTxt,
): Promise<Finding> {
  const name = `${selector}._domainkey.${domain}`;
  const key = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  const mend = `let the TXT record there be v=DKIM1; k=rsa; p=${key.toString('base64')}`;
  try {
    const records = (await resolveTxt(name)).map((pieces) => pieces.join(''));
    const published = records.map((record) => /(?:^|;)\s*p=([^;]*)/.exec(record)?.[1] ?? '');
    const isThere = published.some((text) => Buffer.from(text, 'base64').equals(key));
    return isThere ? fine('DKIM', name) : broken('DKIM', `${name} has another key`, mend);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOTFOUND' || code === 'ENODATA'
      ? broken('DKIM', `there is no ${name}`, mend)
      : doubtful('DKIM', `DNS does not say what stands at ${name}`, 'try again');
  }
}

async function checkRecord(
  check: string,
  domain: string,
  names: readonly string[],
  begins: string,
  resolveTxt: ResolveTxt,
): Promise<Finding> {
  for (const name of names) {
    try {
      const records = (await resolveTxt(name)).map((pieces) => pieces.join(''));
      if (records.some((record) => record.startsWith(begins))) return fine(check, name);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOTFOUND' || code === 'ENODATA') continue;
      return doubtful(check, `DNS does not say what stands at ${name}`, 'try again');
    }
  }
  const mend = `add a TXT record ${begins}, or receivers take the codes for forgeries`;
  return doubtful(check, `${domain} has none`, mend);
}

/** A record of the organisation speaks for the domains below it, too. */
function parentsOf(domain: string): readonly string[] {
  const labels = domain.split('.');
  const domains = labels.slice(0, -1).map((_, index) => labels.slice(index).join('.'));
  return domains.map((name) => `_dmarc.${name}`);
}

/** Asks every identity provider what a sign-in would ask it. */
export function checkProviders(
  tenants: readonly Tenant[],
  isLoopback: boolean,
  clock: Clock,
): Promise<readonly Finding[]> {
  const asked = tenants.flatMap(({ id, connections = [] }) =>
    connections.map((connection) => checkProvider(id, connection, isLoopback, clock)),
  );
  return Promise.all(asked);
}

async function checkProvider(
  tenant: string,
  { id, upstream }: Connection,
  allowLoopback: boolean,
  clock: Clock,
): Promise<Finding> {
  const check = `provider ${tenant}/${id}`;
  if (upstream.protocol === 'oidc') {
    const fetch = createOutboundWebFetch({ allowLoopback });
    const discovery = createDiscovery(upstream, { fetch, clock, allowInsecure: allowLoopback });
    return discovery.get().then(
      () => fine(check, upstream.issuer),
      () =>
        broken(check, `${upstream.issuer} does not answer as one`, 'mend issuer, or ask its admin'),
    );
  }
  const trust = createSamlTrust(upstream, { fetch: createOutboundFetch({ allowLoopback }), clock });
  const peer = await trust.current();
  if (!peer)
    return broken(check, 'no metadata to be had', 'mend the metadata URL, or ask its admin');
  return judgeCertificates(check, peer.certificates, clock());
}

/**
 * Judges the certificates of a SAML identity provider by the one that ends last. Pure.
 *
 * @param certificates PEM
 * @param now epoch seconds
 */
export function judgeCertificates(
  check: string,
  certificates: readonly string[],
  now: number,
): Finding {
  const ends = certificates.map((pem) => Date.parse(new X509Certificate(pem).validTo) / 1000);
  const last = Math.max(0, ...ends);
  const mend = 'ask its admin for the next certificate, or use its metadata URL';
  if (last <= now) return broken(check, 'its certificate has ended', mend);
  const says = `its certificate ends ${new Date(last * 1000).toISOString().slice(0, 10)}`;
  return last - now < SOON_SECONDS ? doubtful(check, says, mend) : fine(check, says);
}

function createResolveTxt(): ResolveTxt {
  const resolver = new Resolver({ timeout: 3_000, tries: 1 });
  return (name) => resolver.resolveTxt(name);
}
