// Owns what the server says of its own health: alive, ready, and why not.

import type { Middleware } from 'koa';

/** One thing that is looked at. */
export interface HealthCheck {
  /** e.g. `database`. */
  readonly name: string;
  /** Whether nobody can sign in while it is wrong; the rest is worth telling, not worth stopping for. */
  readonly isVital: boolean;
  /** @returns what is wrong, in one line; undefined when it is well. A throw is wrong, too. */
  readonly check: () => Promise<string | undefined> | string | undefined;
}

export interface Health {
  /** Answers `/livez`, `/healthz` and `/readyz`; passes on what it does not know. */
  readonly middleware: Middleware;
  /** From now on nobody should send requests here: the server is about to end. */
  stop(): void;
}

interface Finding {
  readonly name: string;
  readonly isVital: boolean;
  readonly wrong: string | undefined;
}

const PATIENCE_MS = 3000;

/**
 * @param checks asked side by side, each for three seconds at most
 */
export function createHealth(checks: readonly HealthCheck[]): Health {
  let isStopping = false;
  return {
    stop() {
      isStopping = true;
    },
    async middleware(ctx, next) {
      const path = ctx.method === 'GET' || ctx.method === 'HEAD' ? ctx.path : '';
      if (path !== '/livez' && path !== '/healthz' && path !== '/readyz') return next();
      ctx.set('Cache-Control', 'no-store');
      ctx.type = 'text/plain';
      // A process that answers lives: restarting it mends no database and no file.
      if (path !== '/readyz') {
        ctx.body = 'ok\n';
        return;
      }
      const findings = await Promise.all(checks.map(find));
      const state = stateOf(findings);
      ctx.status = state === 'not ready' || state === 'stopping' ? 503 : 200;
      const lines = ctx.query['verbose'] === undefined ? [] : findings.map(tell);
      ctx.body = `${[...lines, state].join('\n')}\n`;
    },
  };

  function stateOf(findings: readonly Finding[]): string {
    if (isStopping) return 'stopping';
    const wrong = findings.filter((finding) => finding.wrong !== undefined);
    if (wrong.some(({ isVital }) => isVital)) return 'not ready';
    return wrong.length > 0 ? 'degraded' : 'ready';
  }
}

async function find({ name, isVital, check }: HealthCheck): Promise<Finding> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve('no answer'), PATIENCE_MS);
  });
  try {
    return { name, isVital, wrong: await Promise.race([check(), late]) };
  } catch {
    // What exactly is in the log; here it could tell a stranger more than that it fails.
    return { name, isVital, wrong: 'failed' };
  } finally {
    clearTimeout(timer);
  }
}

function tell({ name, wrong }: Finding): string {
  return wrong === undefined ? `[+]${name} ok` : `[-]${name} ${wrong}`;
}
