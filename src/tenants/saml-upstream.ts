// Owns turning `saml` into an upstream: its metadata by URL, or all of it at hand.

import { systemClock } from '../domain/clock.ts';
import type { SamlUpstream } from '../domain/identity-provider.ts';
import { quote } from '../settings/fault.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { readSamlMetadata } from '../settings/saml-metadata.ts';
import { checkCertificate } from './certificate.ts';
import { readNamedFile } from './named-file.ts';
import { note } from './note.ts';
import { refusePlainHttp } from './upstream.ts';
import type { SamlFile } from './upstream-schema.ts';

const MOST_METADATA_BYTES = 1024 * 1024;
const MOST_CERTIFICATE_BYTES = 1024 * 1024;

type Described = Pick<SamlUpstream, 'issuer' | 'metadataUrl' | 'singleSignOnUrl' | 'certificates'>;

/**
 * Reads a SAML identity provider.
 *
 * @param path where `saml` stands
 * @returns undefined after reporting
 * @source rules R51; security requirement S54
 */
export async function resolveSaml(
  reading: Reading,
  path: Path,
  value: SamlFile,
): Promise<SamlUpstream | undefined> {
  const faultsBefore = reading.faults.length;
  const described = value.metadata
    ? await resolveMetadata(reading, path, value, value.metadata)
    : await resolveByHand(reading, path, value);
  const { responseSigned = true } = value;
  if (!responseSigned) {
    const message = 'what stands around the signed assertion is not checked';
    note(reading, [...path, 'responseSigned'], message, 'have the whole response signed too');
  }
  if (!described || reading.faults.length > faultsBefore) return undefined;
  return { protocol: 'saml', ...described, responseSigned };
}

async function resolveMetadata(
  reading: Reading,
  path: Path,
  value: SamlFile,
  { url, file }: NonNullable<SamlFile['metadata']>,
): Promise<Described | undefined> {
  for (const key of ['singleSignOnUrl', 'certificates'] as const) {
    if (value[key] === undefined) continue;
    report(reading, [...path, key], `both metadata and ${key}`, 'keep one of the two', 'key');
  }
  if ((url === undefined) === (file === undefined)) {
    const message = url === undefined ? 'neither url nor file' : 'both url and file';
    report(reading, [...path, 'metadata'], message, 'write one of the two');
    return undefined;
  }
  if (file !== undefined) return resolveMetadataFile(reading, path, value.issuer, file);
  refusePlainHttp(reading, [...path, 'metadata', 'url'], url ?? '');
  if (value.issuer === undefined) {
    // What is fetched later must not choose for itself whom it speaks for.
    report(
      reading,
      [...path, 'issuer'],
      'required key missing',
      'add "issuer" beside metadata.url',
    );
    return undefined;
  }
  return {
    issuer: value.issuer,
    metadataUrl: url,
    singleSignOnUrl: undefined,
    certificates: [],
  };
}

async function resolveMetadataFile(
  reading: Reading,
  path: Path,
  issuer: string | undefined,
  file: string,
): Promise<Described | undefined> {
  const at = [...path, 'metadata', 'file'];
  const found = await readNamedFile(reading, at, file, MOST_METADATA_BYTES);
  if (!found) return undefined;
  const metadata = readSamlMetadata(found.text);
  if ('fault' in metadata) {
    const [message = '', ...mend] = metadata.fault.split('; ');
    report(reading, at, `in ${quote(found.name)}: ${message}`, mend.join('; '));
    return undefined;
  }
  if (metadata.validUntil !== null && metadata.validUntil <= systemClock()) {
    note(reading, at, 'this metadata says it is too old', 'export it from the provider again');
  }
  if (issuer !== undefined && issuer !== metadata.issuer) {
    report(reading, [...path, 'issuer'], 'not the issuer of the metadata', 'delete the line');
  }
  refusePlainHttp(reading, at, metadata.singleSignOnUrl);
  return {
    issuer: metadata.issuer,
    metadataUrl: undefined,
    singleSignOnUrl: metadata.singleSignOnUrl,
    certificates: metadata.certificates.flatMap(
      (certificate) => checkCertificate(reading, at, certificate) ?? [],
    ),
  };
}

async function resolveByHand(
  reading: Reading,
  path: Path,
  { issuer, singleSignOnUrl, certificates }: SamlFile,
): Promise<Described | undefined> {
  for (const [key, value] of Object.entries({ issuer, singleSignOnUrl, certificates })) {
    if (value !== undefined) continue;
    report(reading, [...path, key], 'required key missing', `add "${key}", or metadata`);
  }
  if (singleSignOnUrl !== undefined) {
    refusePlainHttp(reading, [...path, 'singleSignOnUrl'], singleSignOnUrl);
  }
  const checked: string[] = [];
  for (const [index, written] of (certificates ?? []).entries()) {
    const at: Path = [...path, 'certificates', index];
    const text =
      typeof written === 'string'
        ? written
        : (await readNamedFile(reading, at, written.file, MOST_CERTIFICATE_BYTES))?.text;
    const certificate = text === undefined ? undefined : checkCertificate(reading, at, text);
    if (certificate !== undefined) checked.push(certificate);
  }
  if (issuer === undefined || singleSignOnUrl === undefined) return undefined;
  return { issuer, metadataUrl: undefined, singleSignOnUrl, certificates: checked };
}
