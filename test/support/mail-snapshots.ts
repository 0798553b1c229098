// Owns `npm run mails`: every mail in every state as it would leave, kept in test/mail/snapshots so
// that a change of wording or look is seen in review.

import { mkdir, rm, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { defaultLimits } from '../../src/domain/limits.ts';
import { createTranslator } from '../../src/i18n.ts';
import type { MailContent } from '../../src/mail/content.ts';
import { createTemplates } from '../../src/mail/templates.ts';
import { composeMail } from '../../src/mail/transport.ts';
import { createCatalogue } from '../../src/preview/catalogue.ts';

/** Where they are kept. */
export const SNAPSHOTS = new URL('../mail/snapshots/', import.meta.url);
const ID = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The sender of all of them. */
export const SENDER = 'no-reply@guest.example';

/** Every mail of the preview by its id, in the language asked for. */
export function sampleMails(
  locale: string,
): readonly { readonly id: string; readonly mail: MailContent }[] {
  return createCatalogue(
    {
      tenant: {
        id: 'northwind',
        displayName: 'Northwind',
        verifiedDomains: ['northwind.example'],
        emailOneTimePasscode: 'default',
        clients: [],
        support: 'help@northwind.example',
        privacyUrl: 'https://northwind.example/privacy',
      },
      publicUrl: 'https://guest.example',
      sender: SENDER,
      limits: defaultLimits,
      tenantPicker: false,
    },
    locale,
  ).mails;
}

/** Mails of a language, composed as they leave. */
export function composeSamples(locale: string) {
  const templates = createTemplates(createTranslator(), 'Guestpass');
  return sampleMails(locale).map(({ id, mail }) => ({
    id,
    mail,
    message: composeMail({ from: SENDER }, ID, templates.render(mail)),
  }));
}

/** The files of all mails in English, by name. */
export function snapshots(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const { id, message } of composeSamples('en')) {
    const { from, to, subject, messageId, headers, envelope } = message;
    const replyTo = 'replyTo' in message ? message.replyTo?.address : undefined;
    const lines = [
      `MAIL FROM: ${envelope.from}`,
      `RCPT TO: ${envelope.to.map(({ address }) => address).join()}`,
      `From: "${from.name}" <${from.address}>`,
      `To: ${to.address}`,
      ...(replyTo === undefined ? [] : [`Reply-To: ${replyTo}`]),
      `Subject: ${subject}`,
      `Message-ID: ${messageId}`,
      ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ];
    files.set(`${id}.txt`, `${lines.join('\n')}\n\n${message.text}\n`);
    files.set(`${id}.html`, message.html);
  }
  return files;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await rm(SNAPSHOTS, { recursive: true, force: true });
  await mkdir(SNAPSHOTS, { recursive: true });
  for (const [name, text] of snapshots()) await writeFile(new URL(name, SNAPSHOTS), text);
}
