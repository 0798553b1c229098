// Owns the numbers that no event tells: how long requests take, what waits, whether files are stale.

import type { RequestHandler } from '../http/dispatcher.ts';
import type { Guests } from '../plugin.ts';
import type { Metrics } from '../telemetry/metrics.ts';

const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Measures every request of a handler until its answer is out or its client is gone. */
export function measureRequests(handler: RequestHandler, metrics: Metrics): RequestHandler {
  const durations = metrics.histogram(
    'guestpass_requests_duration_seconds',
    'From the request line to the end of the answer.',
    BOUNDS,
  );
  return (request, response) => {
    const began = performance.now();
    // Read now: on its way to the engine the URL is rewritten.
    const route = kindOf(request.url ?? '');
    response.once('close', () => durations.observe({ route }, (performance.now() - began) / 1000));
    handler(request, response);
  };
}

/** @returns `token`, `authorize`, `page` (of a sign-in, an invitation, a guest's own) or `other` */
export function kindOf(url: string): string {
  const [, , first = '', second = ''] = (url.split('?', 1)[0] ?? '').split('/');
  if (first === 'v2.0') {
    if (second === 'token') return 'token';
    return second === 'auth' ? 'authorize' : 'other';
  }
  return first === 'signin' || first === 'invitation' ? 'page' : 'other';
}

/** Adds the gauges of one server. */
export function addGauges(
  metrics: Metrics,
  { parts }: Pick<Guests, 'parts'>,
  stale: () => string | undefined,
): void {
  const { store, clock, tenants } = parts;
  metrics.gauge('guestpass_mail_messages', 'Mails that wait or are being sent.', async () => {
    const { queued, sending } = await store.outbox.waiting();
    return [
      [{ state: 'queued' }, queued],
      [{ state: 'sending' }, sending],
    ];
  });
  metrics.gauge('guestpass_mail_oldest_seconds', 'Age of the oldest of them.', async () => {
    const { oldestAt } = await store.outbox.waiting();
    return [[{}, oldestAt === null ? 0 : Math.max(0, clock() - oldestAt)]];
  });
  metrics.gauge('guestpass_config_stale', '1 while the files could not be taken over.', () => [
    [{}, stale() === undefined ? 0 : 1],
  ]);
  metrics.gauge('guestpass_tenants', 'Tenants served.', () => [[{}, tenants().byId.size]]);
}
