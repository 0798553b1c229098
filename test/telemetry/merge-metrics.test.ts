import assert from 'node:assert/strict';
import { keepCounts, mergeMetrics } from '../../src/telemetry/merge-metrics.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';

async function textOf(n: number): Promise<string> {
  const metrics = createMetrics();
  const counter = metrics.counter('things_total', 'Things.');
  for (let times = 0; times < n; times += 1) counter.add({ kind: 'a b' });
  counter.add({ kind: `of ${n}` });
  metrics.gauge('waiting', 'Waiting.', () => [[{}, n]]);
  metrics.histogram('took_seconds', 'Time.', [1, 2]).observe({}, n);
  return metrics.text();
}

describe('mergeMetrics', () => {
  it('adds counters and histograms up, and takes the greatest of each gauge', async () => {
    const merged = mergeMetrics([await textOf(1), '', await textOf(3)]);
    assert.deepEqual(merged.split('\n'), [
      '# HELP things_total Things.',
      '# TYPE things_total counter',
      'things_total{kind="a b"} 4',
      'things_total{kind="of 1"} 1',
      'things_total{kind="of 3"} 1',
      '# HELP waiting Waiting.',
      '# TYPE waiting gauge',
      'waiting 3',
      '# HELP took_seconds Time.',
      '# TYPE took_seconds histogram',
      'took_seconds_bucket{le="1"} 1',
      'took_seconds_bucket{le="2"} 1',
      'took_seconds_bucket{le="+Inf"} 2',
      'took_seconds_sum 4',
      'took_seconds_count 2',
      '',
    ]);
  });

  it('leaves the numbers of one as they are', async () => {
    assert.equal(mergeMetrics([await textOf(2)]), await textOf(2));
  });
});

describe('keepCounts', () => {
  it('forgets what is true of a process that runs alone', async () => {
    const kept = keepCounts(await textOf(2));
    assert.doesNotMatch(kept, /waiting/);
    assert.match(kept, /^things_total\{kind="a b"\} 2$/m);
    assert.match(kept, /^took_seconds_count 1$/m);
  });
});
