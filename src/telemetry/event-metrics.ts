// Owns counting what the log tells: events are the one source, so that log and numbers agree.

import type { Log, LogFields } from './log.ts';
import type { Counter, Metrics } from './metrics.ts';

/** Upper bounds, seconds: outbox rows keep whole ones, and a reader gives up after minutes. */
const MAIL_BOUNDS = [1, 2, 5, 10, 30, 60, 120, 300, 900] as const;
/** Tenants told apart; those met later share the label `other`. */
const MOST_TENANTS = 1000;

/**
 * Counts the events that pass, whatever the level of the log is.
 *
 * @returns a log that writes to `log`
 */
export function countEvents(log: Log, metrics: Metrics): Log {
  const count = createEventCounters(metrics);
  const errors = metrics.counter('guestpass_errors_total', 'Events logged at level error.');
  return {
    debug: (event, fields) => log.debug(event, fields),
    info(event, fields = {}) {
      count(event, fields);
      log.info(event, fields);
    },
    warn(event, fields = {}) {
      count(event, fields);
      log.warn(event, fields);
    },
    error(event, fields = {}) {
      count(event, fields);
      errors.add({ event });
      log.error(event, fields);
    },
  };
}

function createEventCounters(metrics: Metrics): (event: string, fields: LogFields) => void {
  const tenantOf = createTenantLabel();
  const signIns = metrics.counter(
    'guestpass_sign_ins_total',
    'Sign-ins that ended here: finished, or refused.',
  );
  const passcodes = metrics.counter('guestpass_passcodes_total', 'Codes asked for and typed.');
  const upstream = metrics.counter('guestpass_upstream_total', 'Guests sent to other places.');
  const mail = metrics.counter('guestpass_mail_deliveries_total', 'Attempts to deliver a mail.');
  const mailDurations = metrics.histogram(
    'guestpass_mail_duration_seconds',
    'From queueing a mail to the relay taking it.',
    MAIL_BOUNDS,
  );
  const budgets = metrics.counter(
    'guestpass_budgets_spent_total',
    'Budgets that kept a code back or made it strong.',
  );
  const reloads = metrics.counter('guestpass_config_reloads_total', 'Files read again.');

  const rules = new Map<string, (fields: LogFields) => void>([
    [
      'sign-in.finish',
      (fields) =>
        signIns.add({
          tenant: tenantOf(fields),
          outcome: 'finished',
          door: word(fields, 'method'),
        }),
    ],
    [
      'sign-in.refused',
      (fields) => signIns.add({ tenant: tenantOf(fields), outcome: 'refused', door: 'none' }),
    ],
    ['passcode.issue', (fields) => passcodes.add({ event: 'asked', ...passcodeLabels(fields) })],
    ['passcode.evaluate', (fields) => passcodes.add({ event: 'typed', ...passcodeLabels(fields) })],
    ['upstream.left', plain(upstream, 'left')],
    ['upstream.unreachable', plain(upstream, 'unreachable')],
    ['upstream.unproven', plain(upstream, 'unproven')],
    ['upstream.refused', (fields) => upstream.add({ outcome: word(fields, 'errorCode') })],
    [
      'budget.spent',
      (fields) => {
        const budget = word(fields, 'budget');
        const [kind = '', scope = ''] = budget.split('.');
        // Failures in a row are those of one address.
        budgets.add({ kind, scope: scope === 'consecutive' ? 'address' : scope, budget });
      },
    ],
    [
      'mail.sent',
      (fields) => {
        mail.add({ outcome: 'sent' });
        const waited = fields['waitedSeconds'];
        if (typeof waited === 'number') mailDurations.observe({}, waited);
      },
    ],
    ['mail.refused', plain(mail, 'refused')],
    ['mail.abandoned', plain(mail, 'abandoned')],
    ['configuration.reloaded', plain(reloads, 'reloaded')],
    ['configuration.stale', plain(reloads, 'stale')],
  ]);
  return (event, fields) => rules.get(event)?.(fields);
}

function plain(counter: Counter, outcome: string): () => void {
  return () => counter.add({ outcome });
}

function passcodeLabels(fields: LogFields) {
  return { outcome: word(fields, 'outcome'), strong: String(fields['strong'] === true) };
}

/** Only words of our own code come here: kinds of outcome, methods, error codes. */
function word(fields: LogFields, name: string): string {
  const value = fields[name];
  return typeof value === 'string' ? value : 'none';
}

function createTenantLabel(): (fields: LogFields) => string {
  const known = new Set<string>();
  return (fields) => {
    const tenant = word(fields, 'tenant');
    if (!known.has(tenant) && known.size >= MOST_TENANTS) return 'other';
    known.add(tenant);
    return tenant;
  };
}
