// Owns `guestpass preview`: every page and mail of a tenant, before guests see them.

import { startPreview } from '../preview/serve.ts';
import { parseListenAddress } from '../settings/listen.ts';
import { describe, stopOnSignal } from './serve.ts';
import { misused, type Output, terminal } from './output.ts';

export interface PreviewOptions {
  readonly config: string;
  /** Id or verified domain. */
  readonly tenant: string;
  /** `host:port`. */
  readonly listen: string;
}

/**
 * Serves until SIGTERM or SIGINT. Makes no secret, opens no database, sends nothing.
 *
 * @returns the exit code where nothing was started, else 0
 */
export async function preview(
  { config, tenant, listen }: PreviewOptions,
  output: Output = terminal,
): Promise<number> {
  const address = parseListenAddress(listen);
  if (!address) return misused(output, `${listen} is not a host and port; write 127.0.0.1:3003`);
  const running = await startPreview({ directory: config, tenant, env: process.env }, address);
  stopOnSignal(() => running.close());
  output.say(`Every page and mail of ${tenant}: http://${describe(running)}/`);
  output.say('Stop with Ctrl+C.');
  return 0;
}
