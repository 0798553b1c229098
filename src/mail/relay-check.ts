// Owns asking whether the relay would take mail from us, without sending any.

import { createTransport, type NodemailerError } from 'nodemailer';
import type { MailSettings, MailTransportSettings } from '../settings/settings.ts';
import { connectionOf } from './transport.ts';

/**
 * What {@link findRelayFault} finds of the relay mails are handed to.
 *
 * @returns undefined also where mails stay here
 */
export async function findMailFault({ transport }: MailSettings): Promise<string | undefined> {
  return transport.kind === 'smtp' ? findRelayFault(transport) : undefined;
}

/**
 * Connects, turns to TLS and logs in as a delivery would, and hangs up.
 *
 * @returns undefined when all of it went well, else a code such as `ECONNREFUSED` or `EAUTH`; never a
 *   text of the relay (S65)
 */
export async function findRelayFault(
  smtp: Extract<MailTransportSettings, { readonly kind: 'smtp' }>,
): Promise<string | undefined> {
  const transport = createTransport(connectionOf(smtp));
  try {
    await transport.verify();
    return undefined;
  } catch (error) {
    return (error as Partial<NodemailerError>).code ?? 'unknown fault';
  } finally {
    transport.close();
  }
}
