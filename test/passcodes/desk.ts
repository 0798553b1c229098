// Owns what the passcode tests stand on: two nodes on one database, a clock, and a tray for mail.

import { randomBytes } from 'node:crypto';
import { addressFailureBudgets, type Budget } from '../../src/domain/budget.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { defaultLimits, type Limits } from '../../src/domain/limits.ts';
import type { MailContent, PasscodeMail, SecurityNoticeMail } from '../../src/mail/content.ts';
import { createPasscodeDigests } from '../../src/passcodes/digest.ts';
import { createIssuePasscode, type PasscodeOutbox } from '../../src/passcodes/issue.ts';
import { createSubjects } from '../../src/passcodes/subjects.ts';
import { createVerifyPasscode } from '../../src/passcodes/verify.ts';
import type { Store } from '../../src/storage/store.ts';

export const HOUR = 3600;
export const DAY = 24 * HOUR;
/** A midnight with which every window starts, the one of 30 days too. */
export const MIDNIGHT = 667 * 30 * DAY;

const digests = createPasscodeDigests([randomBytes(32)]);
const nameSubjects = createSubjects(randomBytes(32));
let made = 0;

/** A name no other test uses. */
export function unique(prefix: string): string {
  made += 1;
  return `${prefix}-${made}`;
}

/** One guest, for the sign-ins of everybody who knows the address. */
export function whoever() {
  return { tenant: unique('t'), address: `${unique('g')}@partner.example` };
}

/** One sign-in of one browser. */
export type Visit = Awaited<ReturnType<Desk['begin']>>;

/** The two functions under test, as one node has them. */
export class Desk {
  readonly store: Store;
  readonly limits: Limits;
  /** The time, to be moved. */
  now: number = MIDNIGHT;
  /** Mails of committed sends, oldest first; null for a decoy. */
  readonly tray: (PasscodeMail | null)[] = [];
  /** Notices of committed evaluations, oldest first; null for a decoy. */
  readonly notices: (SecurityNoticeMail | null)[] = [];
  /** Budgets somebody would have been told of, a line each time: `t1: send.address.hour`. */
  readonly told: string[] = [];
  readonly issuePasscode: ReturnType<typeof createIssuePasscode>;
  readonly verifyPasscode: ReturnType<typeof createVerifyPasscode>;

  constructor(store: Store, limits: Partial<Limits> = {}) {
    this.store = store;
    this.limits = { ...defaultLimits, ...limits };
    const deps = {
      store,
      digests,
      limits: this.limits,
      clock: () => this.now,
      onSpent: (tenant: string, spent: readonly Budget[]) => {
        this.told.push(`${tenant}: ${spent.map(({ scope }) => scope).join(' ')}`);
      },
    };
    const mails = createTray((content) =>
      this.tray.push(content?.kind === 'passcode' ? content : null),
    );
    const notices = createTray((content) =>
      this.notices.push(content?.kind === 'security-notice' ? content : null),
    );
    this.issuePasscode = createIssuePasscode({ ...deps, outbox: mails });
    this.verifyPasscode = createVerifyPasscode({ ...deps, outbox: notices });
  }

  /** A sign-in with its address chosen; alone in its tenant and network unless told otherwise. */
  async begin(
    given: {
      readonly tenant?: string;
      readonly address?: string;
      readonly browser?: string;
      readonly network?: string;
      readonly invited?: boolean;
      /** Name of a known browser; that it is known is not for these functions to find out. */
      readonly known?: string;
    } = {},
  ) {
    const tenant = given.tenant ?? unique('t');
    const uid = unique('uid');
    const browser = given.browser ?? 'browser-A';
    const address = given.address ?? `${unique('g')}@partner.example`;
    const addressKey = parseEmailAddress(address)!.key;
    const clientAddress = given.network ?? unique('network');
    const expiresAt = this.now + HOUR;
    const signIn = { tenant, uid, browser, address, addressKey, decision: null, expiresAt };
    await this.store.signIns.chooseAddress(signIn);
    const letter = given.invited === false ? null : letterTo(address);
    return {
      tenant,
      uid,
      browser,
      address,
      addressKey,
      clientAddress,
      subjects: nameSubjects({ tenant, addressKey, clientAddress, knownBrowser: given.known }),
      guest: letter && `guest of ${address}`,
      letter,
      isNewBrowser: given.known === undefined,
      notice: letter && noticeOf(address),
    };
  }

  /** Sends, and returns the passcode that was mailed. @throws when none was sent */
  async send(visit: Visit): Promise<string> {
    const { outcome } = await this.issuePasscode(visit);
    const mail = this.tray.at(-1);
    if (outcome !== 'sent' || !mail) throw new Error(`nothing was sent: ${outcome}`);
    return mail.passcode;
  }

  verify(visit: Visit, passcode: string) {
    return this.verifyPasscode({ ...visit, passcode });
  }

  /** Submits one passcode after another; returns the outcomes. */
  async verifyAll(visit: Visit, passcodes: readonly string[]): Promise<readonly string[]> {
    const outcomes: string[] = [];
    for (const passcode of passcodes) outcomes.push((await this.verify(visit, passcode)).outcome);
    return outcomes;
  }

  /** Failures counted today for the address. */
  async failures(visit: Visit): Promise<number | undefined> {
    const budgets = addressFailureBudgets(visit.subjects, this.limits);
    return (await this.store.budgets.read(budgets, this.now))[0];
  }

  signIn(visit: Visit) {
    return this.store.signIns.find(visit.tenant, visit.uid);
  }
}

/** Passcodes that differ from `right` and from each other. */
export function wrongOnes(right: string, count: number): readonly string[] {
  const at = Number(right) || 0;
  return Array.from({ length: count }, (_, index) =>
    String((at + index + 1) % 100_000_000).padStart(8, '0'),
  );
}

export function letterTo(to: string) {
  return {
    to,
    locale: 'en',
    tenantName: 'Contoso',
    clientName: 'Docs',
    browserFamily: null,
    network: '203.0.113.x',
    invitedBy: null,
    support: null,
    privacyUrl: null,
    issuerHost: 'guest.example',
  };
}

function noticeOf(to: string) {
  const { issuerHost: _host, ...notice } = letterTo(to);
  return notice;
}

/** An outbox that keeps its rows in the store, and hands on what they carry once it is woken. */
function createTray(received: (content: MailContent | null) => void): PasscodeOutbox {
  const written = new Map<string, MailContent | null>();
  return {
    async enqueue(tx, { tenant, content, expiresAt, id = unique('message') }) {
      written.set(id, content);
      await tx.outbox.enqueue({
        id,
        tenant,
        sealed: content && 'sealed',
        state: content ? 'queued' : 'decoy',
        nextAttemptAt: 0,
        expiresAt,
        createdAt: 0,
      });
      return id;
    },
    wake: (id) => received(written.get(id ?? '') ?? null),
  };
}
