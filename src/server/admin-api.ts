// Owns the admin API of the ready server: the rooms it works in, and the files it changes.

import type { Middleware } from 'koa';
import { createAdminApi } from '../http/admin-api/admin-api.ts';
import type { Guests } from '../plugin.ts';
import { isLoopbackOrigin } from '../settings/public-url.ts';
import { createSealer } from '../settings/sealer.ts';
import type { Settings } from '../settings/settings.ts';
import type { ConfigurationSource, Reload } from './reload.ts';

/**
 * Makes the routes of the admin API for the private listener.
 *
 * @param source where the tenants' files are; without it no policy can be changed
 * @param reload takes a changed file over at once, so that whoever asks next is told what was set
 */
export function createAdminRoutesOf(
  { parts }: Guests,
  settings: Settings,
  source: ConfigurationSource | undefined,
  reload: Reload | undefined,
): Middleware {
  return createAdminApi({
    ...parts,
    browser: parts.engine.browser,
    issuerOf: ({ id }) => `${settings.publicUrl}/${id}/v2.0`,
    sealer: createSealer(settings.secrets.sealingKey, 'admin-answer'),
    files: source && {
      ...source,
      isLoopback: isLoopbackOrigin(settings.publicUrl),
      stale: () => reload?.stale(),
      read: async () => {
        await reload?.run();
      },
    },
  });
}
