// Owns the time before the database is there: it is tried again and again, and who asks is told.

import { setTimeout as sleep } from 'node:timers/promises';
import { GuestError } from '../domain/errors.ts';
import { createAdminListener } from '../http/admin-listener.ts';
import { createAssets } from '../http/assets.ts';
import { createClientAddress } from '../http/client.ts';
import { createDispatcher } from '../http/dispatcher.ts';
import { createErrorGate } from '../http/errors.ts';
import { createFront } from '../http/front.ts';
import { createHealth } from '../http/health.ts';
import { createPageLanguage } from '../http/language.ts';
import { createSecurityHeaders } from '../http/security.ts';
import { createViews } from '../http/views.ts';
import { createTranslator } from '../i18n.ts';
import { PRODUCT } from '../plugin/assemble.ts';
import type { Log } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Configuration } from '../tenants/configuration.ts';
import type { Answers } from './listening.ts';

const LONGEST_PAUSE_SECONDS = 60;

/**
 * Opens something, and tries again while the database is away: after 1, 2, 4 … 60 seconds.
 *
 * @param whileAway called once, after the first try that failed
 * @throws whatever `open` throws that is not {@link GuestError} `unavailable`
 * @source fault R1
 */
export async function untilReachable<T>(
  open: () => Promise<T>,
  whileAway: () => Promise<void>,
  log: Log,
): Promise<T> {
  for (let pause = 1; ; pause = Math.min(LONGEST_PAUSE_SECONDS, pause * 2)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof GuestError) || error.code !== 'unavailable') throw error;
      if (pause === 1) await whileAway();
      // The stack is the same each time, and says nothing of the database.
      const { cause } = error;
      const reason = cause instanceof Error ? cause.message : String(cause);
      log.warn('database.awaited', { seconds: pause, reason });
      await sleep(pause * 1000);
    }
  }
}

/** What is answered meanwhile: 503 to guests and programs, and to probes that this process lives. */
export function createWaitingAnswers(
  { settings, tenants }: Configuration,
  log: Log,
  metrics: Metrics,
): Answers {
  const { publicUrl } = settings;
  const https = publicUrl.startsWith('https:');
  const translator = createTranslator();
  const views = createViews({
    translator,
    product: PRODUCT,
    language: createPageLanguage(translator, https),
    limits: settings.limits,
    assetsPath: () => '/assets',
  });
  const gate = createErrorGate({
    views,
    // A line for each request would say nothing that the waiting has not said.
    log: { ...log, error: () => {} },
    goodLink: () => `${publicUrl}/{tenant}/v2.0`,
    tenantOf: () => undefined,
    tenantPicker: settings.tenantPicker,
  });
  const health = createHealth([
    { name: 'database', isVital: true, check: () => 'not reached since the start' },
  ]);
  return {
    answer: createDispatcher({
      publicUrl,
      tenants: () => tenants,
      engineOf: () => Promise.reject(new GuestError('unavailable')),
      front: createFront({ gate, assets: createAssets(), mailbox: undefined }),
      headers: createSecurityHeaders({ https }),
      clientAddressOf: createClientAddress(settings.trustedProxies),
    }),
    answerAdmin: createAdminListener({ health, metrics, routes: undefined, log }),
  };
}
