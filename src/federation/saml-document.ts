// Owns what a SAML answer must look like before any signature on it is checked.

import { childrenNamed, everyElement, readXml, type XmlElement } from '../settings/xml-document.ts';

/** Namespaces of what SAML answers are made of. */
export const SAML_NAMESPACES = Object.freeze({
  protocol: 'urn:oasis:names:tc:SAML:2.0:protocol',
  assertion: 'urn:oasis:names:tc:SAML:2.0:assertion',
  signature: 'http://www.w3.org/2000/09/xmldsig#',
});

/** An answer of the only shape that is looked at further. Nothing in it is proven yet. */
export interface SamlResponse {
  /** The very text all of this was read from: what is verified must be the same. */
  readonly xml: string;
  readonly inResponseTo: string | undefined;
  readonly destination: string | undefined;
  /** Entity id the response as a whole names; undefined when it names none. */
  readonly issuer: string | undefined;
  /** Status codes, outermost first, without their common beginning: `['Responder', 'AuthnFailed']`. */
  readonly status: readonly string[];
  readonly hasAssertion: boolean;
}

const { protocol, assertion, signature } = SAML_NAMESPACES;
const STATUS = 'urn:oasis:names:tc:SAML:2.0:status:';
const MAX_POSTED = 384 * 1024;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
// SHA-1 is left out: a collision makes two answers of one signature.
const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  SignatureMethod: [
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
    'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
    'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
  ],
  DigestMethod: [
    'http://www.w3.org/2001/04/xmlenc#sha256',
    'http://www.w3.org/2001/04/xmlenc#sha512',
  ],
  CanonicalizationMethod: ['http://www.w3.org/2001/10/xml-exc-c14n#'],
  Transform: [
    'http://www.w3.org/2000/09/xmldsig#enveloped-signature',
    'http://www.w3.org/2001/10/xml-exc-c14n#',
  ],
};

/**
 * Reads a posted `SAMLResponse`. Pure.
 *
 * One response, at most one assertion directly in it, signatures only directly in these two, no
 * identifier twice: wrapping attacks need a second of something, and there is no place for one.
 *
 * @param posted base64, line breaks allowed
 * @returns the answer, or the name of what is wrong with its shape
 * @throws never
 * @source security requirements S54, T78
 */
export function readSamlResponse(posted: string): SamlResponse | { readonly fault: string } {
  if (posted.length > MAX_POSTED) return { fault: 'too_large' };
  const xml = decode(posted);
  if (xml === undefined) return { fault: 'not_base64' };
  const root = readXml(xml, 'refused');
  if ('fault' in root) return root;
  if (!is(root, protocol, 'Response') || root.attributes.get('Version') !== '2.0') {
    return { fault: 'not_a_response' };
  }
  const everything = everyElement(root);
  const fault =
    findWrapping(root, everything) ??
    findForeignAlgorithm(everything) ??
    findRepeatedId(everything);
  if (fault !== undefined) return { fault };
  return {
    xml,
    inResponseTo: root.attributes.get('InResponseTo'),
    destination: root.attributes.get('Destination'),
    issuer: childrenNamed(root, assertion, 'Issuer')[0]?.text,
    status: statusOf(childrenNamed(root, protocol, 'Status')),
    hasAssertion: childrenNamed(root, assertion, 'Assertion').length === 1,
  };
}

function decode(posted: string): string | undefined {
  const base64 = posted.replace(/[\r\n]/g, '');
  if (base64 === '' || !BASE64.test(base64)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(base64, 'base64'));
  } catch {
    return undefined;
  }
}

function findWrapping(root: XmlElement, everything: readonly XmlElement[]): string | undefined {
  const named = (pattern: RegExp) => everything.filter(({ name }) => pattern.test(name));
  if (named(/^Encrypted/).length > 0) return 'encrypted';
  if (named(/^Response$/).length > 1) return 'response_misplaced';
  const direct = childrenNamed(root, assertion, 'Assertion');
  const assertions = named(/^Assertion$/);
  if (assertions.length > 1) return 'two_assertions';
  if (assertions.length !== direct.length) return 'assertion_misplaced';
  const signed = [root, ...direct].map((owner) => childrenNamed(owner, signature, 'Signature'));
  if (signed.some(({ length }) => length > 1)) return 'signature_misplaced';
  if (named(/^Signature$/).length !== signed.flat().length) return 'signature_misplaced';
  // Nothing signs the inside of a signature: an Object could carry anything along.
  return named(/^Object$/).length > 0 ? 'signature_misplaced' : undefined;
}

function findForeignAlgorithm(everything: readonly XmlElement[]): string | undefined {
  return everything.some(isForeignAlgorithm) ? 'algorithm' : undefined;
}

function isForeignAlgorithm({ name, attributes }: XmlElement): boolean {
  const known = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  return known !== undefined && !known.includes(attributes.get('Algorithm') ?? '');
}

function findRepeatedId(everything: readonly XmlElement[]): string | undefined {
  const ids = everything.flatMap(({ attributes }) =>
    [...attributes].filter(([name]) => /^(?:.*:)?id$/i.test(name)).map(([, value]) => value),
  );
  return new Set(ids).size < ids.length ? 'id_repeated' : undefined;
}

function statusOf(outer: readonly XmlElement[]): readonly string[] {
  const code = outer.length === 1 ? childrenNamed(outer[0]!, protocol, 'StatusCode')[0] : undefined;
  if (!code) return [];
  const value = code.attributes.get('Value') ?? '';
  return [value.startsWith(STATUS) ? value.slice(STATUS.length) : value, ...statusOf([code])];
}

function is(element: XmlElement, namespace: string, name: string): boolean {
  return element.namespace === namespace && element.name === name;
}
