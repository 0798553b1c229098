// Owns certificates a SAML identity provider signs with, as they come from a file or the metadata.

import { X509Certificate } from 'node:crypto';
import { systemClock } from '../domain/clock.ts';
import { type Path, type Reading, report } from '../settings/reading.ts';
import { readCertificate } from '../settings/saml-metadata.ts';
import { note } from './note.ts';

/**
 * Checks one certificate. One that has ended is a notice: a new one may stand beside it.
 *
 * @param path where it stands, or where the file with it is named
 * @param text PEM, or base64 of the DER
 * @returns the certificate as PEM, or undefined after reporting
 * @source rules R51; security requirement S54
 */
export function checkCertificate(reading: Reading, path: Path, text: string): string | undefined {
  // Only the first of a bundle would be read, and an authority among them signs for anybody.
  if ((text.match(/-----BEGIN/g) ?? []).length > 1) {
    report(reading, path, 'more than one certificate', 'write each as an entry of its own');
    return undefined;
  }
  const pem = readCertificate(text);
  if (pem === undefined) {
    const message = 'not a certificate with an RSA key of 2048 bits or more';
    report(reading, path, message, 'write PEM: -----BEGIN CERTIFICATE----- and so on');
    return undefined;
  }
  const endsAt = Math.floor(Date.parse(new X509Certificate(pem).validTo) / 1000);
  if (endsAt <= systemClock()) {
    const day = new Date(endsAt * 1000).toISOString().slice(0, 10);
    note(reading, path, `this certificate ended on ${day}`, 'ask its owner for the new one');
  }
  return pem;
}
