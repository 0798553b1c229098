// Owns how an explained decision is printed: for people, and for programs.

import { isPasscodeOn } from '../domain/passcode-setting.ts';
import type { RedemptionPolicy } from '../domain/redemption.ts';
import type { Explained } from '../home-realm/explain.ts';
import { describeGuest, instantOf } from './guest-words.ts';
import { answer, EXIT, type Output } from './output.ts';

/** Every sign there is, in one place: what they mean is said under the table. */
const SIGNS = { pass: 'pass', fail: 'fail', decides: '→', other: ' ' } as const;

/** What is said of an address, by this machine or by a server. */
export interface ExplainedValue {
  readonly tenant: string;
  readonly email: string;
  readonly rows: readonly Readonly<
    Record<'row' | 'rule' | 'says' | 'fact', string> & { fits: boolean }
  >[];
  readonly decision: { readonly row: string; readonly rule: string } & (
    | { readonly outcome: 'use'; readonly door: ExplainedDoor }
    | { readonly outcome: 'choose'; readonly doors: readonly ExplainedDoor[] }
    | { readonly outcome: 'refuse'; readonly code: string }
  );
  readonly wouldChange: readonly string[];
}

interface ExplainedDoor {
  readonly method: string;
  readonly connection: string | null;
  readonly create: boolean;
  readonly userPrincipalName: string | null;
}

/**
 * Ends a command that explained.
 *
 * @param heading what is known of the address, a line each
 * @returns the exit code: 0 when somebody could get in, 1 when not
 */
export function answerExplained(
  output: Output,
  value: ExplainedValue,
  heading: readonly string[],
): number {
  const { rows, decision } = value;
  answer(
    output,
    value,
    ...heading,
    '',
    ...rows.map((row) => rowLine(row, decision)),
    '',
    `${SIGNS.pass}: what the row asks is so. The first such row decides: ${SIGNS.decides}`,
    `Row ${decision.row} (${decision.rule}): ${outcomeLine(decision)}`,
    ...changeLines(value),
  );
  return decision.outcome === 'refuse' ? EXIT.problem : EXIT.fine;
}

/** What this machine knows of an address, a line each. Pure. */
export function headingOf(explained: Explained): readonly string[] {
  const { tenant, tenantName, email, at, client, facts, policy } = explained;
  const by = client === null ? '' : ` at ${client}`;
  return [
    `tenant   ${tenantName === null ? `${tenant} (there is none)` : `${tenant} (${tenantName})`}`,
    `address  ${email}`,
    `guest    ${guestLine(explained)}`,
    `setting  emailOneTimePasscode: ${settingLine(policy, at)}`,
    `moment   ${instantOf(at)}, ${facts.arrival}${by}`,
  ];
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

function rowLine(
  { row, rule, says, fits, fact }: ExplainedValue['rows'][number],
  decision: ExplainedValue['decision'],
): string {
  const mark = row === decision.row ? SIGNS.decides : SIGNS.other;
  const sign = fits ? SIGNS.pass : SIGNS.fail;
  return `${mark} ${row.padEnd(4)}${sign}  ${rule.padEnd(4)} ${says}: ${fact}`;
}

function outcomeLine(decision: ExplainedValue['decision']): string {
  if (decision.outcome === 'refuse') return `refused, ${decision.code}`;
  if (decision.outcome === 'use') return `comes in by ${doorWords(decision.door)}`;
  return `chooses between ${decision.doors.map(doorWords).join(' and ')}`;
}

function doorWords({ method, connection, create, userPrincipalName }: ExplainedDoor): string {
  const place = connection === null ? '' : ` at ${connection}`;
  const name = userPrincipalName === null ? '' : `, as ${userPrincipalName}`;
  return `${create ? 'a new ' : ''}${method}${place}${name}`;
}

function changeLines({ wouldChange, email, tenant }: ExplainedValue): readonly string[] {
  if (wouldChange.length === 0) return [];
  // A command that is printed is one that can be copied.
  const lines = wouldChange.map((sentence) =>
    /: guestpass [a-z ]+$/.test(sentence) ? `${sentence} ${email} --tenant ${tenant}` : sentence,
  );
  return ['', 'What would change it:', ...lines.map((line) => `  ${line}`)];
}
