// Owns `guestpass healthcheck`: one request that says whether a server here can serve.

import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { draftSettings } from '../settings/load.ts';
import type { ListenAddress } from '../settings/settings.ts';
import { readTenants } from '../tenants/load.ts';
import { answer, EXIT, misused, type Output, terminal, unreachable } from './output.ts';

export interface HealthcheckOptions {
  readonly config: string;
  /** What to ask; default the private listener's `/readyz`, else the discovery of the first tenant. */
  readonly url?: string;
}

/** What is asked. */
export interface Question {
  readonly url: string;
  /** The Host header, where it is another than the URL's. */
  readonly host?: string;
}

const TIMEOUT_MS = 5_000;

/**
 * Asks a server on this machine. Makes no secret and opens no database: it may run beside it at any
 * time, also before its first start.
 *
 * @returns the exit code: 0 for an answer 200, 1 for another one, 3 when nobody answers
 */
export async function healthcheck(
  options: HealthcheckOptions,
  output: Output = terminal,
): Promise<number> {
  const question = options.url === undefined ? await find(options.config) : { url: options.url };
  if (question === undefined || !URL.canParse(question.url)) {
    return misused(output, 'nothing to ask; name a server with --url');
  }
  const found = await ask(question);
  if ('fault' in found) {
    return unreachable(output, `${question.url}  no answer: ${found.fault}`);
  }
  const line = `${question.url}  ${found.status}`;
  const isWell = found.status === 200;
  const said = { ...output, say: isWell ? output.say : output.warn };
  answer(said, { url: question.url, status: found.status }, line);
  return isWell ? EXIT.fine : EXIT.problem;
}

async function find(config: string): Promise<Question | undefined> {
  const { listening, publicUrl, isLoopback } = await draftSettings(config, process.env);
  const { listen, adminListen } = listening;
  if (adminListen) return { url: `${originOf(adminListen)}/readyz` };
  const { tenants } = await readTenants(config, isLoopback, process.env);
  const tenant = tenants[0];
  if (!listen || listen.port === 0 || !tenant || publicUrl === undefined) return undefined;
  const path = `/${tenant.id}/v2.0/.well-known/openid-configuration`;
  return { url: `${originOf(listen)}${path}`, host: new URL(publicUrl).host };
}

/** As it is reached from this machine. */
function originOf({ host, port }: ListenAddress): string {
  const reached = { '0.0.0.0': '127.0.0.1', '::': '::1' }[host] ?? host;
  return `http://${reached.includes(':') ? `[${reached}]` : reached}:${port}`;
}

/** Asks once, five seconds at most. @returns the status, or why there is none */
export function ask({ url, host }: Question): Promise<{ status: number } | { fault: string }> {
  const { promise, resolve } = Promise.withResolvers<{ status: number } | { fault: string }>();
  const send = url.startsWith('https:') ? requestTls : request;
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  // fetch() sets the Host header itself, and a server answers to its own name alone.
  const asked = send(url, { signal, ...(host === undefined ? {} : { headers: { host } }) });
  asked.on('response', (response) => {
    response.resume();
    resolve({ status: response.statusCode ?? 0 });
  });
  asked.on('error', (error: NodeJS.ErrnoException) => {
    resolve({ fault: signal.aborted ? 'too slow' : (error.code ?? error.message) });
  });
  asked.end();
  return promise;
}
