// Owns one counted sign-in: a server in this process, a guest who signed in before, and every
// statement the second sign-in sends.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { freePort, openDatabase, type StoreKind } from '../support/world.ts';
import { guestAddresses, inviteGuests, TENANT, writeConfiguration } from './configuration.ts';
import { startRelay } from './relay.ts';
import { discover, signIn } from './sign-in.ts';
import { countStatements, type StepCount } from './statements.ts';

/** Signs a guest in twice as the bench does, and counts the second time. */
export async function countSignIn(store: StoreKind): Promise<readonly StepCount[]> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-statements-'));
  const relay = await startRelay();
  const port = await freePort();
  const database = await openDatabase(store, folder);
  const addresses = guestAddresses(1);
  try {
    await writeConfiguration(folder, { port, database, relayPort: relay.port });
    await inviteGuests(folder, addresses);
    const log = createLog({ level: 'info', destination: { write: () => undefined } });
    const server = await startServer(await loadConfiguration(folder, {}), { log });
    try {
      const endpoints = await discover(`http://127.0.0.1:${port}/${TENANT}/v2.0`);
      const walk = () =>
        signIn(endpoints, addresses[0]!, async (address) => {
          const code = await relay.codeFor(address);
          // What is gathered for the trail would share a commit with a request, and be taken for it.
          await server.guests.parts.log.flush();
          return code;
        });
      // Builds the Provider, makes the key, prepares statements: what comes once.
      await walk();
      await settle(server);
      const counted = countStatements();
      try {
        await walk();
        await settle(server);
        return counted.steps();
      } finally {
        counted.stop();
      }
    } finally {
      await server.close();
    }
  } finally {
    relay.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Waits for what no request waits for. */
async function settle({ guests }: RunningServer): Promise<void> {
  await Promise.all([guests.parts.outbox.idle(), guests.parts.log.flush()]);
}
