// Owns counting: counters, gauges and histograms of this process, told in Prometheus' text format.

/** Values of a metric's labels, by name; every name the metric was made with. */
export type Labels = Readonly<Record<string, string>>;

export interface Counter {
  add(labels: Labels): void;
}

export interface Histogram {
  observe(labels: Labels, value: number): void;
}

/** What a gauge shows when it is asked. */
export type GaugeReading = readonly (readonly [labels: Labels, value: number])[];

export interface Metrics {
  /** @param name ends in `_total` */
  counter(name: string, help: string): Counter;
  /** @param read asked at each {@link Metrics.text}; when it throws, the gauge is left out */
  gauge(name: string, help: string, read: () => GaugeReading | Promise<GaugeReading>): void;
  /** @param bounds upper bounds of the buckets, rising */
  histogram(name: string, help: string, bounds: readonly number[]): Histogram;
  /** Everything, in the order it was made. */
  text(): Promise<string>;
}

interface Family {
  readonly head: string;
  readonly lines: () => readonly string[] | Promise<readonly string[]>;
}

/** Makes an empty registry. Every combination of labels is kept for ever: bound what goes in. */
export function createMetrics(): Metrics {
  const families: Family[] = [];
  const add = (name: string, kind: string, help: string, lines: Family['lines']): void => {
    families.push({ head: `# HELP ${name} ${help}\n# TYPE ${name} ${kind}`, lines });
  };

  return {
    counter(name, help) {
      const counts = new Map<string, number>();
      add(name, 'counter', help, () => [...counts].map(([labels, n]) => `${name}${labels} ${n}`));
      return {
        add(labels) {
          const key = write(labels);
          counts.set(key, (counts.get(key) ?? 0) + 1);
        },
      };
    },
    gauge(name, help, read) {
      add(name, 'gauge', help, async () => {
        const reading = await read();
        return reading.map(([labels, value]) => `${name}${write(labels)} ${value}`);
      });
    },
    histogram(name, help, bounds) {
      const series = new Map<string, Series>();
      add(name, 'histogram', help, () =>
        [...series.values()].flatMap((one) => linesOf(name, bounds, one)),
      );
      return {
        observe(labels, value) {
          const key = write(labels);
          const one = series.get(key) ?? { labels, counts: bounds.map(() => 0), sum: 0, count: 0 };
          series.set(key, one);
          const bucket = bounds.findIndex((bound) => value <= bound);
          if (bucket >= 0) one.counts[bucket]! += 1;
          one.sum += value;
          one.count += 1;
        },
      };
    },
    async text() {
      const told = await Promise.all(families.map(tell));
      return told.flat().join('\n') + '\n';
    },
  };
}

interface Series {
  readonly labels: Labels;
  /** By bucket, each without those below it. */
  readonly counts: number[];
  sum: number;
  count: number;
}

async function tell({ head, lines }: Family): Promise<readonly string[]> {
  try {
    return [head, ...(await lines())];
  } catch {
    // A database that is down must not take the numbers along that do not come from it.
    return [];
  }
}

function linesOf(
  name: string,
  bounds: readonly number[],
  { labels, counts, sum, count }: Series,
): readonly string[] {
  let below = 0;
  const buckets = bounds.map((bound, index) => {
    below += counts[index] ?? 0;
    return `${name}_bucket${write({ ...labels, le: String(bound) })} ${below}`;
  });
  return [
    ...buckets,
    `${name}_bucket${write({ ...labels, le: '+Inf' })} ${count}`,
    `${name}_sum${write(labels)} ${sum}`,
    `${name}_count${write(labels)} ${count}`,
  ];
}

function write(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

// A quote or line break in a value would begin a line of somebody else's making.
function escape(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
