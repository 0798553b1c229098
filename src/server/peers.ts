// Owns what the processes of one server tell each other, through the one that started them.

import cluster, { type Worker } from 'node:cluster';
import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import type { HealthCheck } from '../http/health.ts';
import { keepCounts, mergeMetrics } from '../telemetry/merge-metrics.ts';

/** What a process knows of the others. */
export interface Peers {
  /** Wrong while fewer processes run than should. */
  readonly check: HealthCheck;
  /** Says what this process answers when another is asked for the numbers of all. */
  tell(read: () => Promise<string>): void;
  /** The numbers of all processes. */
  metrics(): Promise<string>;
}

/** What the processes of one server have come to. */
export interface Survey {
  readonly running: number;
  readonly wanted: number;
  /** The numbers of each, and what is left of those that ended. */
  readonly texts: readonly string[];
}

type Message =
  /** A process listens. */
  | { readonly guestpass: 'listens'; readonly address: AddressInfo }
  /** A process wants to know of all, or the supervisor wants its numbers. */
  | { readonly guestpass: 'ask'; readonly id: string }
  | { readonly guestpass: 'told'; readonly id: string; readonly text: string }
  | { readonly guestpass: 'survey'; readonly id: string; readonly survey: Survey };

const PATIENCE_MS = 2_000;

/** What a process that the supervisor started says to it, and asks. */
export function createPeers(): Peers & { listens(address: AddressInfo): void } {
  const asked = new Map<string, (survey: Survey) => void>();
  let read = nothingYet;
  process.on('message', (message: Message) => {
    if (message.guestpass === 'survey') asked.get(message.id)?.(message.survey);
    if (message.guestpass !== 'ask') return;
    void read().then((text) => say({ guestpass: 'told', id: message.id, text }));
  });

  return {
    listens: (address) => say({ guestpass: 'listens', address }),
    tell: (next) => {
      read = next;
    },
    check: {
      name: 'processes',
      isVital: false,
      check: async () => {
        const { running, wanted } = await survey();
        return running < wanted ? `${running} of ${wanted} run` : undefined;
      },
    },
    metrics: async () => mergeMetrics((await survey()).texts),
  };

  function survey(): Promise<Survey> {
    const id = randomUUID();
    const answer = new Promise<Survey>((resolve) => asked.set(id, resolve));
    say({ guestpass: 'ask', id });
    return answer.finally(() => asked.delete(id));
  }
}

/** The supervisor's side. */
export interface Exchange {
  /** Begins to hear a process. @param onListens called once it listens */
  join(worker: Worker, onListens: (address: AddressInfo) => void): void;
}

/** @param wanted how many processes there should be */
export function createExchange(wanted: number): Exchange {
  const listening = new Set<Worker>();
  const last = new Map<Worker, string>();
  const waiting = new Map<string, (text: string) => void>();
  // What a process counted stays counted when it ends: a total that falls looks like a restart, and
  // everything before it like news.
  let ended = '';

  return {
    join(worker, onListens) {
      worker.on('message', (message: Message) => {
        if (message.guestpass === 'told') waiting.get(message.id)?.(message.text);
        if (message.guestpass === 'ask') void answer(worker, message.id);
        if (message.guestpass !== 'listens') return;
        listening.add(worker);
        onListens(message.address);
      });
      worker.once('exit', () => {
        listening.delete(worker);
        ended = mergeMetrics([ended, keepCounts(last.get(worker) ?? '')]);
        last.delete(worker);
      });
    },
  };

  async function answer(worker: Worker, id: string): Promise<void> {
    // Also the one that asks: what it counted must be known here when it ends.
    const told = await Promise.all([...listening].map(ask));
    const texts = [ended, ...told.filter((text) => text !== undefined)];
    const survey = { running: listening.size, wanted, texts };
    if (worker.isConnected()) worker.send({ guestpass: 'survey', id, survey } satisfies Message);
  }

  async function ask(worker: Worker): Promise<string | undefined> {
    const id = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    const text = await new Promise<string | undefined>((resolve) => {
      waiting.set(id, resolve);
      // One that hangs must not take the numbers of the others along.
      timer = setTimeout(() => resolve(last.get(worker)), PATIENCE_MS);
      if (worker.isConnected()) worker.send({ guestpass: 'ask', id } satisfies Message);
      else resolve(last.get(worker));
    });
    clearTimeout(timer);
    waiting.delete(id);
    if (text !== undefined) last.set(worker, text);
    return text;
  }
}

// oxlint-disable-next-line typescript/require-await -- it stands for one that asks
async function nothingYet(): Promise<string> {
  return '';
}

function say(message: Message): void {
  // Without a channel there is nobody to hear it: the supervisor is gone, and this process ends.
  if (cluster.worker?.isConnected()) process.send?.(message);
}
