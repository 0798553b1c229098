// Owns the driver's end of the mail relay: who is waiting for which code.

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** The running relay. */
export interface BenchRelay {
  readonly port: number;
  /**
   * The code of the next mail to an address, each mail given once.
   * @throws when none came within 15 s, or when the mail had no code in it
   */
  codeFor(address: string): Promise<string>;
  stop(): void;
}

interface Arrival {
  readonly to: string;
  readonly code: string | null;
}

const DEADLINE_MS = 15_000;

/** Starts the relay in a process of its own; its CPU is nobody's. */
export async function startRelay(): Promise<BenchRelay> {
  const child = fork(fileURLToPath(new URL('relay-process.ts', import.meta.url)));
  const ready: { readonly port: number } = (await once(child, 'message'))[0];
  const arrived = new Map<string, Arrival>();
  const waiting = new Map<string, (arrival: Arrival) => void>();
  child.on('message', (arrival) => {
    if (!isArrival(arrival)) return;
    const take = waiting.get(arrival.to);
    waiting.delete(arrival.to);
    if (take) take(arrival);
    else arrived.set(arrival.to, arrival);
  });

  return {
    port: ready.port,
    codeFor: async (address) => {
      const { code } = take(address) ?? (await next(address));
      if (code === null) throw new Error(`the mail to ${address} has no code`);
      return code;
    },
    stop: () => child.disconnect(),
  };

  function take(address: string): Arrival | undefined {
    const arrival = arrived.get(address);
    arrived.delete(address);
    return arrival;
  }

  function next(address: string): Promise<Arrival> {
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        waiting.delete(address);
        reject(new Error(`no mail to ${address} within ${DEADLINE_MS} ms`));
      }, DEADLINE_MS);
      waiting.set(address, (arrival) => {
        clearTimeout(deadline);
        resolve(arrival);
      });
    });
  }
}

function isArrival(message: unknown): message is Arrival {
  return typeof message === 'object' && message !== null && 'to' in message;
}
