// Owns the ready server: builds everything from one configuration, listens, drains, stops.

import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import type { Middleware } from 'koa';
import type { Clock } from '../domain/clock.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { createAdminListener } from '../http/admin-listener.ts';
import { createClientAddress, createProxyCheck } from '../http/client.ts';
import { createDispatcher, type RequestHandler } from '../http/dispatcher.ts';
import { createFront } from '../http/front.ts';
import { createHealth, type Health } from '../http/health.ts';
import { createMailReports } from '../http/mail-reports.ts';
import { createMailboxPages } from '../http/mailbox.ts';
import { createSecurityHeaders } from '../http/security.ts';
import { createTakeReport } from '../mail/reports.ts';
import { createGuests, type Guests } from '../plugin.ts';
import type { Settings } from '../settings/settings.ts';
import { withPatience } from '../storage/patience.ts';
import { countEvents } from '../telemetry/event-metrics.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { createMetrics, type Metrics } from '../telemetry/metrics.ts';
import type { Configuration } from '../tenants/configuration.ts';
import { watchConfiguration } from '../tenants/watch.ts';
import { createAdminRoutesOf } from './admin-api.ts';
import { createChecks, MOST_SKEW_SECONDS, skewOf } from './checks.ts';
import { type Answers, createListeners } from './listening.ts';
import { addGauges, measureRequests } from './measure.ts';
import type { Peers } from './peers.ts';
import { type ConfigurationSource, createReload, type Reload } from './reload.ts';
import { createTenantProviders } from './tenant-providers.ts';
import { traceRequests } from './traced-requests.ts';
import { createWaitingAnswers, untilReachable } from './waiting.ts';

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
  /** Waits for a database that cannot be reached, and answers 503 meanwhile. Default it throws. */
  readonly waitsForDatabase?: boolean;
  /** How long {@link RunningServer.close} still takes connections; default 0. */
  readonly graceMs?: number;
  /** The other processes that serve the same. Default there are none. */
  readonly peers?: Peers;
  /** What else the private listener answers; default the admin API. */
  readonly adminRoutes?: (guests: Guests) => Middleware;
}

/** All that one request may wait for the database; the page that says so comes within eight seconds. */
const PATIENCE_MS = 7_000;

/**
 * Starts serving one configuration.
 *
 * @throws {GuestError} `unavailable` when the database cannot be reached and is not waited for;
 *   Node's error when an address cannot be listened on. Nothing stays open then.
 */
export async function startServer(
  configuration: Configuration,
  options: ServerOptions = {},
): Promise<RunningServer> {
  const { settings } = configuration;
  const metrics = createMetrics();
  const log = countEvents(options.log ?? createLog({ level: settings.logLevel }), metrics);
  const listeners = createListeners(settings, options.graceMs ?? 0);
  const closing: (() => Promise<void>)[] = [() => listeners.close()];
  try {
    const guests = await openGuests(configuration, { ...options, log }, () =>
      listeners.answerBy(createWaitingAnswers(configuration, log, metrics)),
    );
    closing.unshift(() => guests.close());
    const reload = options.source && createReload(guests, settings, options.source);
    const { answers, health } = answersOf(guests, settings, { ...options, metrics, reload });
    await listeners.answerBy(answers);
    const watch = options.source && reload && follow(guests, settings, options.source, reload);
    if (watch) closing.push(() => watch.close());
    await tellSkew(guests);
    return {
      guests,
      address: listeners.address(),
      adminAddress: listeners.adminAddress(),
      reload: () => watch?.ask(),
      async close() {
        health.stop();
        for (const end of closing.toReversed()) await end();
      },
    };
  } catch (error) {
    for (const end of closing.toReversed()) await end();
    throw error;
  }
}

async function openGuests(
  { settings, tenants }: Configuration,
  options: ServerOptions & { readonly log: Log },
  whileAway: () => Promise<void>,
): Promise<Guests> {
  const { log } = options;
  const clock = options.clock ? { clock: options.clock } : {};
  const dns = options.resolveTxt ? { resolveTxt: options.resolveTxt } : {};
  const open = () => createGuests({ ...settings, tenants, log, ...clock, ...dns });
  return options.waitsForDatabase ? untilReachable(open, whileAway, log) : open();
}

/** What answers once everything is there. */
function answersOf(
  guests: Guests,
  settings: Settings,
  options: ServerOptions & { readonly metrics: Metrics; readonly reload: Reload | undefined },
): { readonly answers: Answers; readonly health: Health } {
  const { metrics, reload, peers } = options;
  const stale = (): string | undefined => reload?.stale();
  addGauges(metrics, guests, stale);
  const checks = createChecks(guests, settings.database, stale);
  const health = createHealth(peers ? [...checks, peers.check] : checks);
  const engineOf = createTenantProviders(guests, settings.publicUrl, options.mostProviders);
  const { tenants: served } = guests.parts;
  const answer = traceRequests(
    measureRequests(createAnswer(guests, settings, engineOf), metrics),
    served,
    createProxyCheck(settings.trustedProxies),
  );
  const admin =
    options.adminRoutes?.(guests) ?? createAdminRoutesOf(guests, settings, options.source, reload);
  const reports = createMailReports({
    ...guests.parts,
    takeReport: createTakeReport(guests.parts),
    key: settings.mail.reportKey,
  });
  const routes: Middleware = (ctx, next) => reports(ctx, () => admin(ctx, next));
  peers?.tell(() => metrics.text());
  const text = () => (peers ? peers.metrics() : metrics.text());
  const { log } = guests.parts;
  const answers = {
    answer: patiently(answer),
    // Whoever reaches the private listener is one of ours.
    answerAdmin: traceRequests(
      createAdminListener({ health, metrics: { text }, routes, log }),
      served,
      () => true,
    ),
  };
  return { answers, health };
}

/** A request that was answered may go on in the background: that may take its time. */
function patiently(answer: RequestHandler): RequestHandler {
  return (request, response) =>
    withPatience(PATIENCE_MS, (lift) => {
      response.once('close', lift);
      answer(request, response);
    });
}

async function tellSkew({ parts }: Guests): Promise<void> {
  const seconds = await skewOf(parts.store).catch(() => 0);
  if (Math.abs(seconds) > MOST_SKEW_SECONDS) parts.log.warn('clock.apart', { seconds });
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
