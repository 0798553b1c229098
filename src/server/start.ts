// Owns the ready server: builds everything from one configuration, listens, drains, stops.

import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { Middleware } from 'koa';
import type { Clock } from '../domain/clock.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { createAdminListener } from '../http/admin-listener.ts';
import { createClientAddress, createProxyCheck, isListedIn } from '../http/client.ts';
import { createDispatcher, type RequestHandler } from '../http/dispatcher.ts';
import { createFront } from '../http/front.ts';
import { createHealth } from '../http/health.ts';
import { createMailboxPages } from '../http/mailbox.ts';
import { createSecurityHeaders } from '../http/security.ts';
import { createGuests, type Guests } from '../plugin.ts';
import type { Settings } from '../settings/settings.ts';
import { countEvents } from '../telemetry/event-metrics.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createMetrics } from '../telemetry/metrics.ts';
import type { Configuration } from '../tenants/configuration.ts';
import { watchConfiguration } from '../tenants/watch.ts';
import { createAdminRoutesOf } from './admin-api.ts';
import { createChecks } from './checks.ts';
import { drain, listen } from './listening.ts';
import { addGauges, measureRequests } from './measure.ts';
import { type ConfigurationSource, createReload, type Reload } from './reload.ts';
import { createTenantProviders } from './tenant-providers.ts';
import { traceRequests } from './traced-requests.ts';

export interface RunningServer {
  readonly guests: Guests;
  /** Where it really listens. */
  readonly address: AddressInfo;
  /** Where the private listener does; undefined when there is none. */
  readonly adminAddress: AddressInfo | undefined;
  /** Reads the files again soon, as a change of one would; nothing without {@link ServerOptions.source}. */
  reload(): void;
  /** Stops accepting, lets requests and deliveries in flight finish, closes the database. */
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly log?: Log;
  /** Default: the database's clock. */
  readonly clock?: Clock;
  /** Looks up TXT records; default the system's resolver. */
  readonly resolveTxt?: ResolveTxt;
  /** Most Providers kept in memory. */
  readonly mostProviders?: number;
  /** Follows the files there: changes of tenants count without a restart. Default never. */
  readonly source?: ConfigurationSource;
  /** What else the private listener answers; default the admin API. */
  readonly adminRoutes?: (guests: Guests) => Middleware;
}

const MAX_CONNECTIONS = 2_000;
const MAX_ADMIN_CONNECTIONS = 200;

/**
 * Starts serving one configuration.
 *
 * @throws {GuestError} `unavailable` when the database cannot be reached; Node's error when an
 *   address cannot be listened on. Nothing stays open then.
 */
export async function startServer(
  { settings, tenants }: Configuration,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const metrics = createMetrics();
  const log = countEvents(options.log ?? createLog({ level: settings.logLevel }), metrics);
  const clock = options.clock ? { clock: options.clock } : {};
  const dns = options.resolveTxt ? { resolveTxt: options.resolveTxt } : {};
  const guests = await createGuests({ ...settings, tenants, log, ...clock, ...dns });
  const reload = options.source && createReload(guests, settings, options.source);
  const stale = (): string | undefined => reload?.stale();
  addGauges(metrics, guests, stale);
  const health = createHealth(createChecks(guests, stale));
  const engineOf = createTenantProviders(guests, settings.publicUrl, options.mostProviders);
  const { tenants: served } = guests.parts;
  const answer = traceRequests(
    measureRequests(createAnswer(guests, settings, engineOf), metrics),
    served,
    createProxyCheck(settings.trustedProxies),
  );
  const routes =
    options.adminRoutes?.(guests) ?? createAdminRoutesOf(guests, settings, options.source, reload);
  // Whoever reaches the private listener is one of ours.
  const answerAdmin = traceRequests(
    createAdminListener({ health, metrics, routes, log: guests.parts.log }),
    served,
    () => true,
  );

  const closing: (() => Promise<void>)[] = [() => guests.close()];
  const close = async (): Promise<void> => {
    health.stop();
    for (const end of closing.toReversed()) await end();
  };
  try {
    // Ends after the public one: until then it says that this server is stopping.
    const { adminListen } = settings;
    const admin = adminListen && (await listen(adminListen, answerAdmin, MAX_ADMIN_CONNECTIONS));
    if (admin) closing.push(() => drain(admin));
    // A proxy in front holds the connections of all guests.
    const isProxy = isListedIn(settings.trustedProxies);
    const server = await listen(settings.listen, answer, MAX_CONNECTIONS, isProxy);
    closing.push(() => drain(server));
    const watch = options.source && reload && follow(guests, settings, options.source, reload);
    if (watch) closing.push(() => watch.close());
    return {
      guests,
      address: server.address() as AddressInfo,
      adminAddress: admin?.address() as AddressInfo | undefined,
      reload: () => watch?.ask(),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Everything the public server answers. */
function createAnswer(
  guests: Guests,
  settings: Settings,
  engineOf: ReturnType<typeof createTenantProviders>,
): RequestHandler {
  const { views, gate, store, assets, tenants } = guests.parts;
  const hasMailbox = settings.mail.transport.kind === 'mailbox';
  return createDispatcher({
    publicUrl: settings.publicUrl,
    tenants,
    engineOf,
    front: createFront({
      gate,
      assets,
      mailbox: hasMailbox ? createMailboxPages({ mailbox: store.mailbox, views }) : undefined,
    }),
    headers: createSecurityHeaders({ https: settings.publicUrl.startsWith('https:') }),
    clientAddressOf: createClientAddress(settings.trustedProxies),
  });
}

function follow(
  { parts }: Guests,
  { database }: Settings,
  { directory }: ConfigurationSource,
  reload: Reload,
) {
  return watchConfiguration({
    directory,
    ignored: database.kind === 'sqlite' ? basename(database.file) : undefined,
    look: (hasMoved) => reload.run(hasMoved),
    onFault: (error) => parts.log.warn('configuration.unwatched', { error }),
  });
}
