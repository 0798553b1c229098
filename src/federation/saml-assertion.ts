// Owns what a signed assertion must say to be about this guest, this sign-in and this moment.

import { parseEmailAddress } from '../domain/email-address.ts';
import { childrenNamed, readXml, type XmlElement } from '../settings/xml-document.ts';
import type { FinishOutcome } from './identity.ts';
import { SAML_NAMESPACES } from './saml-document.ts';

/** What an assertion is held against. */
export interface Expected {
  /** Entity id of the identity provider. */
  readonly issuer: string;
  /** Our entity id. */
  readonly audience: string;
  /** Our assertion consumer service. */
  readonly callbackUrl: string;
  /** Id of the AuthnRequest it answers. */
  readonly requestId: string;
  /** Epoch seconds. */
  readonly now: number;
}

const { assertion } = SAML_NAMESPACES;
const SKEW_SECONDS = 60;
const MAX_SUBJECT = 256;
const MAX_DISPLAY_NAME = 200;
const PERSISTENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent';
const BEARER = 'urn:oasis:names:tc:SAML:2.0:cm:bearer';
const ADDRESS_NAMES = [
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress',
  'email',
  'mail',
  'urn:oid:0.9.2342.19200300.100.1.3',
];
const DISPLAY_NAMES = [
  'displayName',
  'http://schemas.microsoft.com/identity/claims/displayname',
  'urn:oid:2.16.840.1.113730.3.1.241',
  'name',
];

/**
 * Judges an assertion whose signature has been checked. Pure.
 *
 * @param xml the assertion as it was signed, never as it stood in the answer
 * @returns the identity, or `address_missing` without exactly one address (R52), or `untrusted`
 * @throws never
 * @source rules R52; security requirement S54
 */
export function judgeAssertion(xml: string, expected: Expected): FinishOutcome {
  const root = readXml(xml, 'refused');
  if ('fault' in root) return untrusted(root.fault);
  const child = (name: string) => childrenNamed(root, assertion, name);
  const only = (name: string) => (child(name).length === 1 ? child(name)[0] : undefined);
  const fault =
    (only('Issuer')?.text !== expected.issuer ? 'issuer' : undefined) ??
    findConditionFault(only('Conditions'), expected) ??
    findSubjectFault(only('Subject'), expected) ??
    // Without one it says who somebody is, not that they signed in.
    (child('AuthnStatement').length === 0 ? 'no_sign_in_stated' : undefined);
  if (fault !== undefined) return untrusted(fault);
  const nameId = childrenNamed(only('Subject')!, assertion, 'NameID');
  const subject = nameId.length === 1 ? nameId[0]!.text.trim() : '';
  if (subject === '' || subject.length > MAX_SUBJECT || nameId[0]!.children.length > 0) {
    return untrusted('name_id');
  }
  if (nameId[0]!.attributes.get('Format') !== PERSISTENT) {
    return untrusted('name_id_not_persistent');
  }
  const attributes = child('AttributeStatement').flatMap((statement) =>
    childrenNamed(statement, assertion, 'Attribute'),
  );
  const address = onlyAddress(valuesOf(attributes, ADDRESS_NAMES));
  if (!address) {
    return { outcome: 'fault', fault: 'address_missing', detail: 'not exactly one address' };
  }
  const displayName = inert(valuesOf(attributes, DISPLAY_NAMES)[0] ?? '');
  return {
    outcome: 'identity',
    identity: { issuer: expected.issuer, subject, address, displayName },
  };
}

function untrusted(detail: string): FinishOutcome {
  return { outcome: 'fault', fault: 'untrusted', detail };
}

function findConditionFault(
  conditions: XmlElement | undefined,
  { audience, now }: Expected,
): string | undefined {
  if (!conditions) return 'no_conditions';
  const restrictions = childrenNamed(conditions, assertion, 'AudienceRestriction');
  const isMeant = restrictions.every((restriction) =>
    childrenNamed(restriction, assertion, 'Audience').some(({ text }) => text.trim() === audience),
  );
  if (restrictions.length === 0 || !isMeant) return 'audience';
  return findTimeFault(conditions, now);
}

function findSubjectFault(subject: XmlElement | undefined, expected: Expected): string | undefined {
  const confirmations = subject ? childrenNamed(subject, assertion, 'SubjectConfirmation') : [];
  const faults = confirmations
    .filter((confirmation) => confirmation.attributes.get('Method') === BEARER)
    .map((confirmation) => {
      const [data] = childrenNamed(confirmation, assertion, 'SubjectConfirmationData');
      if (data?.attributes.get('Recipient') !== expected.callbackUrl) return 'recipient';
      if (data.attributes.get('InResponseTo') !== expected.requestId) return 'in_response_to';
      return findTimeFault(data, expected.now);
    });
  if (faults.length === 0) return 'no_bearer';
  return faults.includes(undefined) ? undefined : faults[0];
}

function findTimeFault({ attributes }: XmlElement, now: number): string | undefined {
  const from = attributes.get('NotBefore');
  const until = readInstant(attributes.get('NotOnOrAfter'));
  // Without an end it would open the door for ever.
  if (until === undefined || now - SKEW_SECONDS >= until) return 'expired';
  if (from === undefined) return undefined;
  const start = readInstant(from);
  return start === undefined || now + SKEW_SECONDS < start ? 'not_yet_valid' : undefined;
}

function readInstant(text: string | undefined): number | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(text ?? '')) return undefined;
  const time = Date.parse(text!) / 1000;
  return Number.isNaN(time) ? undefined : time;
}

function valuesOf(attributes: readonly XmlElement[], names: readonly string[]): readonly string[] {
  return names.flatMap((name) =>
    attributes
      .filter((attribute) => attribute.attributes.get('Name') === name)
      .flatMap((attribute) => childrenNamed(attribute, assertion, 'AttributeValue'))
      .map(({ text }) => text.trim())
      .filter((text) => text !== ''),
  );
}

function onlyAddress(values: readonly string[]) {
  const addresses = values.map(parseEmailAddress);
  const [first] = addresses;
  // One of several could be an alias its owner chose: which of them is verified is not said.
  return first && addresses.every((address) => address?.key === first.key) ? first : undefined;
}

function inert(text: string): string | null {
  const plain = text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, '').trim();
  return plain === '' ? null : Array.from(plain).slice(0, MAX_DISPLAY_NAME).join('');
}
