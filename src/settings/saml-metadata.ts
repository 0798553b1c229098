// Owns what the metadata of a SAML identity provider says: who it is, where guests go, its keys.

import { X509Certificate } from 'node:crypto';
import { isLoopbackHost } from './public-url.ts';
import { childrenNamed, everyElement, readXml, type XmlElement } from './xml-document.ts';

/** What is used of an identity provider's metadata. */
export interface SamlMetadata {
  /** Its entity id. */
  readonly issuer: string;
  /** Where AuthnRequests go, by HTTP-Redirect. */
  readonly singleSignOnUrl: string;
  /** PEM, in document order, at least one; ended ones too: whoever uses them knows the time. */
  readonly certificates: readonly string[];
  /** Epoch seconds after which the document says it no longer speaks; null when it does not say. */
  readonly validUntil: number | null;
}

const METADATA = 'urn:oasis:names:tc:SAML:2.0:metadata';
const SIGNATURES = 'http://www.w3.org/2000/09/xmldsig#';
const PROTOCOL = 'urn:oasis:names:tc:SAML:2.0:protocol';
const REDIRECT = 'urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect';
const MIN_RSA_BITS = 2048;

/**
 * Reads the metadata document of one identity provider. Pure.
 *
 * A signature on the document is not checked: it is trusted for where it came from, https or a file.
 *
 * @param xml an `EntityDescriptor`; collections of several are refused
 * @returns what it says, or what is wrong and how to mend it, parted by `; `
 * @throws never
 * @source rules R51; security requirement S54
 */
export function readSamlMetadata(xml: string): SamlMetadata | { readonly fault: string } {
  const root = readXml(xml, 'skipped');
  if ('fault' in root) {
    return { fault: `not metadata (${root.fault}); export it from the identity provider again` };
  }
  if (root.namespace !== METADATA || root.name !== 'EntityDescriptor') {
    return { fault: 'not the metadata of one provider; expected an EntityDescriptor' };
  }
  const issuer = root.attributes.get('entityID') ?? '';
  if (issuer === '') return { fault: 'no entityID; export the metadata again' };
  const roles = childrenNamed(root, METADATA, 'IDPSSODescriptor').filter((role) =>
    (role.attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );
  const [role] = roles;
  if (!role || roles.length > 1) {
    return { fault: 'not one SAML 2.0 IDPSSODescriptor; expected an identity provider' };
  }
  const singleSignOnUrl = childrenNamed(role, METADATA, 'SingleSignOnService')
    .find((service) => service.attributes.get('Binding') === REDIRECT)
    ?.attributes.get('Location');
  if (singleSignOnUrl === undefined || !isSafe(singleSignOnUrl)) {
    return { fault: 'no https SingleSignOnService by HTTP-Redirect; turn that binding on' };
  }
  const certificates = signingCertificates(role);
  if (certificates.length === 0) {
    return { fault: 'no signing certificate with an RSA key of 2048 bits or more; make one' };
  }
  const until = Date.parse(root.attributes.get('validUntil') ?? '');
  const validUntil = Number.isNaN(until) ? null : Math.floor(until / 1000);
  return { issuer, singleSignOnUrl, certificates, validUntil };
}

/**
 * Reads one certificate as people configure it: PEM, or bare base64 of the DER. Pure.
 *
 * @returns it as PEM, or undefined when it is none or its key is not RSA of 2048 bits or more: the
 *   only keys whose SHA-2 signatures are checked
 */
export function readCertificate(text: string): string | undefined {
  try {
    const isPem = text.includes('-----BEGIN CERTIFICATE-----');
    const certificate = new X509Certificate(isPem ? text : Buffer.from(text, 'base64'));
    const { asymmetricKeyType, asymmetricKeyDetails } = certificate.publicKey;
    const isUsable =
      asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= MIN_RSA_BITS;
    return isUsable ? certificate.toString() : undefined;
  } catch {
    return undefined;
  }
}

function signingCertificates(role: XmlElement): readonly string[] {
  return childrenNamed(role, METADATA, 'KeyDescriptor')
    .filter((key) => (key.attributes.get('use') ?? 'signing') === 'signing')
    .flatMap(everyElement)
    .filter(({ name, namespace }) => name === 'X509Certificate' && namespace === SIGNATURES)
    .map(({ text }) => readCertificate(text))
    .filter((pem) => pem !== undefined);
}

function isSafe(location: string): boolean {
  const url = URL.parse(location);
  if (!url || url.username !== '' || url.password !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname));
}
