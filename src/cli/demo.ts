// Owns `npm start`: the server, a sample guest, a demo application, and one screen of links.

import { parseEmailAddress } from '../domain/email-address.ts';
import { startDemoApplication } from '../demo/application.ts';
import { startServer } from '../server/start.ts';
import { createLog } from '../telemetry/log.ts';
import { loadConfiguration } from '../tenants/configuration.ts';
import { stopOnSignal } from './serve.ts';

const SAMPLE_GUEST = 'teri@gmail.com';

/** Runs until SIGTERM or SIGINT. @param directory the configuration folder */
export async function demo(directory: string): Promise<void> {
  const configuration = await loadConfiguration(directory);
  const { settings, tenants } = configuration;
  const server = await startServer(configuration, { log: createLog({ level: 'warn' }) });
  const address = parseEmailAddress(SAMPLE_GUEST)!;
  for (const tenant of tenants.byId.values()) {
    await server.guests.parts.directory.invite({
      tenant: tenant.id,
      address,
      displayName: 'Teri',
      invitedBy: `ana@${tenant.verifiedDomains[0] ?? 'example.com'}`,
    });
  }
  const application = await startDemoApplication(settings.publicUrl, [...tenants.byId.values()]);
  // Before the line that promises it.
  stopOnSignal(async () => {
    await application.close();
    await server.close();
  });
  process.stdout.write(
    `${[
      ...configuration.notices,
      '',
      'Guestpass is running. Try it:',
      '',
      `  1. Open the demo application    ${application.url}/`,
      `     and sign in as               ${SAMPLE_GUEST}`,
      ...(settings.mail.transport.kind === 'mailbox'
        ? [`  2. Read the code in the mailbox  ${settings.publicUrl}/dev/mailbox`]
        : []),
      '',
      'Issuers for your own application:',
      ...[...tenants.byId.keys()].map((id) => `  ${settings.publicUrl}/${id}/v2.0`),
      '',
      'Stop with Ctrl+C.',
      '',
    ].join('\n')}\n`,
  );
}
