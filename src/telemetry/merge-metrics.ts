// Owns putting the numbers of several processes together: what one answers stands for all.

interface Family {
  readonly head: string[];
  kind: string;
  readonly values: Map<string, number>;
}

/**
 * Adds counters and histograms up; of a gauge the greatest counts, because each process reads the
 * same database and the same files. Pure.
 *
 * @param texts as `Metrics.text` gives them
 */
export function mergeMetrics(texts: readonly string[]): string {
  return write(read(texts));
}

/** What of the numbers of a process outlives it: everything but gauges. Pure. */
export function keepCounts(text: string): string {
  const families = read([text]);
  for (const [name, { kind }] of families) if (kind === 'gauge') families.delete(name);
  return write(families);
}

function write(families: ReadonlyMap<string, Family>): string {
  const lines = [...families.values()].flatMap(({ head, values }) => [
    ...head,
    ...[...values].map(([name, n]) => `${name} ${n}`),
  ]);
  return `${lines.join('\n')}\n`;
}

function read(texts: readonly string[]): Map<string, Family> {
  const families = new Map<string, Family>();
  for (const text of texts) {
    let family: Family | undefined;
    for (const line of text.split('\n')) {
      const [, word = '', name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
      if (word !== '') {
        family = families.get(name) ?? { head: [], kind: '', values: new Map() };
        families.set(name, family);
        if (word === 'TYPE') family.kind = rest;
        if (!family.head.includes(line)) family.head.push(line);
      } else if (family && line !== '') add(family, line);
    }
  }
  return families;
}

function add({ kind, values }: Family, line: string): void {
  // A label may hold spaces; the number is behind the last one.
  const end = line.lastIndexOf(' ');
  const [name, n] = [line.slice(0, end), Number(line.slice(end + 1))];
  const known = values.get(name);
  if (known === undefined) values.set(name, n);
  else values.set(name, kind === 'gauge' ? Math.max(known, n) : known + n);
}
