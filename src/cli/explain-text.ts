// Owns how an explained decision is printed: for people, and for programs.

import { isPasscodeOn } from '../domain/passcode-setting.ts';
import type {
  Door,
  RedemptionDecision,
  RedemptionFacts,
  RedemptionPolicy,
} from '../domain/redemption.ts';
import type { ExplainedRow } from '../domain/redemption-explain.ts';
import type { Guest } from '../storage/store.ts';
import { describeGuest, instantOf } from './guest-words.ts';

/** Everything there is to say about one address at one tenant. */
export interface Explained {
  /** Its id; what was asked for where there is no such tenant. */
  readonly tenant: string;
  /** null where there is no such tenant. */
  readonly tenantName: string | null;
  /** As it was asked. */
  readonly email: string;
  /** Epoch seconds. */
  readonly at: number;
  /** The application of the sign-in, if one was named. */
  readonly client: string | null;
  readonly facts: RedemptionFacts;
  readonly policy: RedemptionPolicy;
  /** Whom the address belongs to, also when blocked. */
  readonly guest: Guest | undefined;
  /** Whom it belonged to last, when it belongs to nobody now. */
  readonly removed: Guest | undefined;
  /** As they are asked; those of providers that are off come last. */
  readonly rows: readonly ExplainedRow[];
  readonly decision: RedemptionDecision;
  /** Short sentences; a command in one stands at its end. */
  readonly wouldChange: readonly string[];
}

/** Every sign there is, in one place: what they mean is said under the table. */
const SIGNS = { pass: 'pass', fail: 'fail', decides: '→', other: ' ' } as const;

/** The page for people, without an end of line. Pure. */
export function printText(explained: Explained): string {
  const { tenant, tenantName, email, at, client, facts, policy, decision } = explained;
  const by = client === null ? '' : ` at ${client}`;
  return [
    `tenant   ${tenantName === null ? `${tenant} (there is none)` : `${tenant} (${tenantName})`}`,
    `address  ${email}`,
    `guest    ${guestLine(explained)}`,
    `setting  emailOneTimePasscode: ${settingLine(policy, at)}`,
    `moment   ${instantOf(at)}, ${facts.arrival}${by}`,
    '',
    ...explained.rows.map((row) => rowLine(row, decision)),
    '',
    `${SIGNS.pass}: what the row asks is so. The first such row decides: ${SIGNS.decides}`,
    `Row ${decision.row} (${decision.rule}): ${outcomeLine(decision)}`,
    ...changeLines(explained),
  ].join('\n');
}

/** The same as one object with stable keys, times as ISO instants. Pure. */
export function describeExplained(explained: Explained) {
  const { tenant, email, at, facts, rows, decision, wouldChange } = explained;
  return { tenant, email, at: instantOf(at), facts, rows, decision, wouldChange };
}

function guestLine({ guest, removed, email, at }: Explained): string {
  if (!guest) return removed ? `nobody now; ${describeGuest(removed, at)}` : 'nobody';
  const isOther = guest.address.toLowerCase() !== email.toLowerCase();
  return `${isOther ? `${guest.address}; ` : ''}${describeGuest(guest, at)}`;
}

/** `default` is shown with what it comes to, and with the moment it turns, where it does (R37). */
function settingLine(policy: RedemptionPolicy, at: number): string {
  const { emailOneTimePasscode: setting, rolloutAt } = policy;
  const state = isPasscodeOn(policy, at) ? 'on' : 'off';
  const turns = isPasscodeOn(policy, rolloutAt) && !isPasscodeOn(policy, rolloutAt - 1);
  const moment = turns ? ` ${at < rolloutAt ? 'until' : 'since'} ${instantOf(rolloutAt)}` : '';
  return `${setting} ${SIGNS.decides} ${state}${moment}`;
}

function rowLine({ row, rule, says, fits, fact }: ExplainedRow, decision: RedemptionDecision) {
  const mark = row === decision.row ? SIGNS.decides : SIGNS.other;
  const sign = fits ? SIGNS.pass : SIGNS.fail;
  return `${mark} ${row.padEnd(4)}${sign}  ${rule.padEnd(4)} ${says}: ${fact}`;
}

function outcomeLine(decision: RedemptionDecision): string {
  if (decision.outcome === 'refuse') return `refused, ${decision.code}`;
  if (decision.outcome === 'use') return `comes in by ${doorWords(decision.door)}`;
  return `chooses between ${decision.doors.map(doorWords).join(' and ')}`;
}

function doorWords({ method, connection, create, userPrincipalName }: Door): string {
  const place = connection === null ? '' : ` at ${connection}`;
  const name = userPrincipalName === null ? '' : `, as ${userPrincipalName}`;
  return `${create ? 'a new ' : ''}${method}${place}${name}`;
}

function changeLines({ wouldChange, email, tenant }: Explained): readonly string[] {
  if (wouldChange.length === 0) return [];
  // A command that is printed is one that can be copied.
  const lines = wouldChange.map((sentence) =>
    /: guestpass [a-z ]+$/.test(sentence) ? `${sentence} ${email} --tenant ${tenant}` : sentence,
  );
  return ['', 'What would change it:', ...lines.map((line) => `  ${line}`)];
}
