// Owns an OpenTelemetry SDK for tests: what an admin brings by `node --import`, kept in memory.

import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';

/** Every span that ended. */
export interface Spans {
  all(): readonly ReadableSpan[];
  /** Resolves with the spans once one of them, past or future, fits. */
  until(fits: (span: ReadableSpan) => boolean): Promise<readonly ReadableSpan[]>;
  reset(): void;
  /** Takes the SDK away, as if none had been there. */
  stop(): void;
}

/** Registers it. */
export function startSpans(): Spans {
  const exporter = new InMemorySpanExporter();
  const waiting = new Set<() => void>();
  const provider = new TracerProvider({
    spanProcessors: [
      new SimpleSpanProcessor({ exporter }),
      {
        onStart: () => undefined,
        onEnd: () => waiting.forEach((look) => setImmediate(look)),
        forceFlush: async () => undefined,
        shutdown: async () => undefined,
      },
    ],
  });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
  const all = (): readonly ReadableSpan[] => exporter.getFinishedSpans();
  return {
    all,
    until: (fits) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!all().some(fits)) return;
          waiting.delete(look);
          resolve(all());
        };
        waiting.add(look);
        look();
      }),
    reset: () => exporter.reset(),
    stop: () => {
      trace.disable();
      context.disable();
      propagation.disable();
    },
  };
}

/** One span and its children, written as a tree: `name key=value …`, two spaces a level. */
export function drawTree(spans: readonly ReadableSpan[], keys: readonly string[]): string {
  const draw = (parent: string | undefined, depth: number): readonly string[] =>
    spans
      .filter((span) => span.parentSpanContext?.spanId === parent)
      .toSorted((a, b) => a.startTime[0] - b.startTime[0] || a.startTime[1] - b.startTime[1])
      .flatMap((span) => {
        const said = keys.flatMap((key) => {
          const value = span.attributes[key];
          return value === undefined ? [] : [`${key.split('.').at(-1)}=${JSON.stringify(value)}`];
        });
        const line = [`${'  '.repeat(depth)}${span.name}`, ...said].join(' ');
        return [line, ...draw(span.spanContext().spanId, depth + 1)];
      });
  return draw(undefined, 0).join('\n');
}
