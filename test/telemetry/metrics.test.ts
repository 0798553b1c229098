import assert from 'node:assert/strict';
import { countEvents } from '../../src/telemetry/event-metrics.ts';
import { createLog, type Log } from '../../src/telemetry/log.ts';
import { createMetrics, type Metrics } from '../../src/telemetry/metrics.ts';

/** Samples alone, sorted. */
async function samplesOf(metrics: Metrics): Promise<readonly string[]> {
  const text = await metrics.text();
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .toSorted();
}

describe('createMetrics', () => {
  it('tells a counter with its help, its kind and a sample for each combination of labels', async () => {
    const metrics = createMetrics();
    const counter = metrics.counter('doors_total', 'Doors opened.');
    counter.add({ door: 'a' });
    counter.add({ door: 'a' });
    counter.add({ door: 'b' });
    assert.equal(
      await metrics.text(),
      '# HELP doors_total Doors opened.\n# TYPE doors_total counter\n' +
        'doors_total{door="a"} 2\ndoors_total{door="b"} 1\n',
    );
  });

  it('asks a gauge each time', async () => {
    const metrics = createMetrics();
    let value = 1;
    metrics.gauge('waiting', 'Who waits.', () => Promise.resolve([[{}, value]]));
    assert.deepEqual(await samplesOf(metrics), ['waiting 1']);
    value = 2;
    assert.deepEqual(await samplesOf(metrics), ['waiting 2']);
  });

  it('leaves out a gauge that cannot be read, and tells the rest', async () => {
    const metrics = createMetrics();
    metrics.gauge('a', 'A.', () => Promise.reject(new Error('database is down')));
    metrics.gauge('b', 'B.', () => {
      throw new Error('broken');
    });
    metrics.counter('c_total', 'C.').add({});
    assert.deepEqual(await samplesOf(metrics), ['c_total 1']);
    assert.ok(!(await metrics.text()).includes('# TYPE a'));
  });

  it('tells a histogram in buckets that hold those below them', async () => {
    const metrics = createMetrics();
    const seconds = metrics.histogram('wait_seconds', 'How long.', [0.1, 1]);
    for (const value of [0.1, 0.5, 5]) seconds.observe({ route: 'page' }, value);
    assert.deepEqual(await samplesOf(metrics), [
      'wait_seconds_bucket{route="page",le="+Inf"} 3',
      'wait_seconds_bucket{route="page",le="0.1"} 1',
      'wait_seconds_bucket{route="page",le="1"} 2',
      'wait_seconds_count{route="page"} 3',
      'wait_seconds_sum{route="page"} 5.6',
    ]);
  });

  it('writes a label so that it cannot end its line', async () => {
    const metrics = createMetrics();
    metrics.counter('x_total', 'X.').add({ name: 'a"b\\c\nd' });
    assert.deepEqual(await samplesOf(metrics), ['x_total{name="a\\"b\\\\c\\nd"} 1']);
  });
});

describe('countEvents', () => {
  let metrics: Metrics;
  let log: Log;
  let lines: string[];
  beforeEach(() => {
    metrics = createMetrics();
    lines = [];
    const destination = { write: (line: string) => void lines.push(line) };
    log = countEvents(createLog({ level: 'error', destination }), metrics);
  });

  it('counts how sign-ins end, by tenant and door, also below the level of the log', async () => {
    log.info('sign-in.finish', { tenant: 'a', method: 'google', address: 'ana@gmail.com' });
    log.info('sign-in.finish', { tenant: 'a', method: 'google' });
    log.info('sign-in.refused', { tenant: 'b', errorCode: 'no_method' });
    assert.deepEqual(await samplesOf(metrics), [
      'guestpass_sign_ins_total{tenant="a",outcome="finished",door="google"} 2',
      'guestpass_sign_ins_total{tenant="b",outcome="refused",door="none"} 1',
    ]);
    assert.deepEqual(lines, []);
  });

  it('counts codes, other places, mail, reloads and errors', async () => {
    log.info('passcode.issue', { outcome: 'sent', strong: false });
    log.info('passcode.evaluate', { outcome: 'mismatch', strong: true });
    log.info('upstream.left', { connection: 'partner' });
    log.warn('upstream.refused', { errorCode: 'upstream_untrusted' });
    log.info('mail.sent', { id: 'm' });
    log.error('mail.abandoned', { id: 'm' });
    log.info('configuration.reloaded', {});
    log.error('configuration.stale', {});
    assert.deepEqual(await samplesOf(metrics), [
      'guestpass_config_reloads_total{outcome="reloaded"} 1',
      'guestpass_config_reloads_total{outcome="stale"} 1',
      'guestpass_errors_total{event="configuration.stale"} 1',
      'guestpass_errors_total{event="mail.abandoned"} 1',
      'guestpass_mail_deliveries_total{outcome="abandoned"} 1',
      'guestpass_mail_deliveries_total{outcome="sent"} 1',
      'guestpass_passcodes_total{event="asked",outcome="sent",strong="false"} 1',
      'guestpass_passcodes_total{event="typed",outcome="mismatch",strong="true"} 1',
      'guestpass_upstream_total{outcome="left"} 1',
      'guestpass_upstream_total{outcome="upstream_untrusted"} 1',
    ]);
  });

  it('counts budgets by whom they are for, and how long mails waited', async () => {
    log.info('budget.spent', { tenant: 'a', budget: 'send.network.quarter' });
    log.info('budget.spent', { tenant: 'b', budget: 'send.network.quarter' });
    log.info('budget.spent', { tenant: 'a', budget: 'failure.consecutive' });
    log.info('mail.sent', { id: 'm', waitedSeconds: 7 });
    const samples = (await samplesOf(metrics)).filter((line) => !/le="\d{2,}"/.test(line));
    assert.deepEqual(samples, [
      'guestpass_budgets_spent_total{kind="failure",scope="address",budget="failure.consecutive"} 1',
      'guestpass_budgets_spent_total{kind="send",scope="network",budget="send.network.quarter"} 2',
      'guestpass_mail_deliveries_total{outcome="sent"} 1',
      'guestpass_mail_duration_seconds_bucket{le="+Inf"} 1',
      'guestpass_mail_duration_seconds_bucket{le="1"} 0',
      'guestpass_mail_duration_seconds_bucket{le="2"} 0',
      'guestpass_mail_duration_seconds_bucket{le="5"} 0',
      'guestpass_mail_duration_seconds_count 1',
      'guestpass_mail_duration_seconds_sum 7',
    ]);
  });

  it('passes every line on as it is', () => {
    log.error('mail.abandoned', { id: 'm' });
    const { time, ...line } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
    assert.equal(typeof time, 'string');
    assert.deepEqual(line, { level: 'error', event: 'mail.abandoned', id: 'm' });
  });

  it('tells 1000 tenants apart and counts all others together', async () => {
    for (let index = 0; index < 1003; index += 1) {
      log.info('sign-in.refused', { tenant: `t${index}` });
    }
    log.info('sign-in.refused', { tenant: 't0' });
    const samples = await samplesOf(metrics);
    assert.equal(samples.length, 1001);
    const rest = { other: '"other",outcome="refused",door="none"} 3', known: 't0",' };
    assert.ok(samples.some((line) => line.endsWith(rest.other)));
    assert.ok(samples.some((line) => line.includes(rest.known) && line.endsWith(' 2')));
  });
});
