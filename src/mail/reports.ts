// Owns what is believed of a report about a mail: it counts for the mail whose id it has, and that id
// is known to nobody but who got the mail or carried it.

import type { Clock } from '../domain/clock.ts';
import { fateOf, MAIL_STATUS } from '../domain/mail-fate.ts';
import type { MailReport, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';

/** What somebody tells of a mail. */
export interface TakenReport {
  /** Its Message-ID, or the left part of it alone. */
  readonly id: string;
  readonly what: MailReport['what'];
  /** e.g. `5.1.1`; anything that is no status counts as none. */
  readonly status?: string | null;
}

/** `known`: told before; `unknown`: no such mail, or its two weeks are over. */
export type ReportOutcome = 'recorded' | 'known' | 'unknown';

/** Takes one report. */
export type TakeReport = (report: TakenReport) => Promise<ReportOutcome>;

export interface TakeReportDeps {
  readonly store: Pick<Store, 'outbox'>;
  readonly clock: Clock;
  readonly log: Log;
}

const ID = /^<?([\w-]{22})(?:@[^<>\s]{1,255}>?)?$/;

/**
 * Takes reports: they are kept with the mail, told to the auditor, and change nothing else. A guest
 * whose mail came back may ask for the next code as everybody: the mailbox may be mended by then, and
 * a report that is wrong must lock nobody out.
 *
 * @source S62 (nothing is shown of it but to whoever came by an invitation), S64
 */
export function createTakeReport({ store, clock, log }: TakeReportDeps): TakeReport {
  return async ({ id: named, what, status: said = null }) => {
    const id = ID.exec(named.trim())?.[1];
    const status = said !== null && MAIL_STATUS.test(said) ? said : null;
    if (id === undefined) return 'unknown';
    const isNew = await store.outbox.report(id, { what, status, at: clock() });
    const mail = await store.outbox.find(id);
    if (!mail || mail.state === 'decoy') return 'unknown';
    if (!isNew) return 'known';
    const { tenant, guest, kind, label } = mail;
    const line = {
      audit: true,
      id,
      tenant,
      ...(guest !== null && { subject: guest }),
      mail: label === null ? kind : `${kind} ${label}`,
      outcome: fateOf(mail),
      status,
    };
    if (what === 'bounced') log.info('mail.bounced', line);
    else if (what === 'delayed') log.info('mail.delayed', line);
    else log.info('mail.complained', line);
    return 'recorded';
  };
}
