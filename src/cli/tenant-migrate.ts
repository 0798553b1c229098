// Owns `guestpass tenant migrate-consumers`: from consumer accounts to passcodes, as a plan and as a
// deed that can be taken up again.

import type { Tenant } from '../domain/tenant.ts';
import { lockoutValue, sum } from '../guests/lockout.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { Guest, GuestStore } from '../storage/store.ts';
import { isReadOnly, type TenantChange } from '../tenants/edit.ts';
import { type Ask, askOnTerminal } from './ask.ts';
import { atTenant, deliver, type TenantOptions } from './installation.ts';
import { invitationLine, invitedValue } from './invite.ts';
import { actorOf } from './actor.ts';
import { answer, EXIT, type Output, terminal } from './output.ts';
import { resetOrderOf } from './local-reset.ts';
import { refusalSentence } from './refusal-sentence.ts';
import { confirm, foresee, type ForeseenChange, tellLockouts, write } from './tenant-change.ts';

export interface MigrateOptions extends TenantOptions {
  /** Who does it, for the auditor. */
  readonly actor?: string;
  /** Does it; else the plan is told. */
  readonly apply: boolean;
  readonly yes: boolean;
  /** false with `--no-mail`. */
  readonly mail: boolean;
}

const PAGE = 500;
const METHOD = 'consumerAccount';

const CHANGES: readonly TenantChange[] = [
  { path: ['emailOneTimePasscode'], value: 'enabled' },
  { path: ['redemption', 'fallback'], value: ['emailOneTimePasscode'] },
];

/**
 * Turns new consumer accounts off and passcodes on, then resets every guest who redeemed by a
 * consumer account, so that they redeem by passcode. Cut short, it goes on where it was.
 *
 * @returns the exit code: 1 when nothing was changed, or a guest could not be reset
 * @throws {ConfigurationError} when the files are faulty as they are; {GuestError} `unavailable`
 * @source rules R45, R54, R55, R68
 */
export async function migrateConsumers(
  options: MigrateOptions,
  output: Output = terminal,
  ask: Ask = askOnTerminal,
): Promise<number> {
  const foreseen = await foresee(options, CHANGES, output);
  if (typeof foreseen === 'number') return foreseen;
  const { tenant, edit } = foreseen;
  const count = countOf(foreseen);
  const planned = (outcome: string, guests: readonly object[]): object => {
    const lockouts = foreseen.lockouts.map(lockoutValue);
    return { tenant: tenant.id, outcome, setsFile: edit !== undefined, count, lockouts, guests };
  };
  if (!options.apply) {
    tellPlan(foreseen, count, options, output);
    return answer(output, planned('planned', []));
  }
  if (!edit && count === 0) {
    return answer(output, planned('unchanged', []), `${tenant.id}  nothing is left to do`);
  }
  tellPlan(foreseen, count, options, { ...output, say: output.warn });
  const isVain = edit !== undefined && (await isReadOnly(edit));
  const unwanted = await confirm(`Do so at ${tenant.id}?`, options.yes || isVain, output, ask);
  if (unwanted !== undefined) return unwanted;
  return atTenant(options, output, async (parts) => {
    // First the file: whoever was reset must not find the door to the old place still open.
    const code = edit ? await write(edit, output) : EXIT.fine;
    const outcome = code === EXIT.fine ? 'done' : 'refused';
    const actor = actorOf(options);
    const key = 'emailOneTimePasscode, redemption.fallback';
    if (edit) parts.log.info('tenant.set', { audit: true, tenant: tenant.id, actor, key, outcome });
    if (code !== EXIT.fine) return code;
    const guests = await resetAll(parts, tenant, options, output);
    answer(output, planned('done', guests));
    return guests.some(({ outcome }) => outcome === 'refused') ? EXIT.problem : EXIT.fine;
  });
}

/** The blocked are not counted: they cannot be reset before they are let in again. */
function countOf({ counts }: ForeseenChange): number {
  return sum(counts.filter(({ method, blocked }) => method === METHOD && !blocked));
}

function tellPlan(
  { tenant: { id }, edit, lockouts }: ForeseenChange,
  count: number,
  { apply, mail }: MigrateOptions,
  { say }: Output,
): void {
  const file = edit
    ? `set emailOneTimePasscode: enabled and redemption.fallback: [emailOneTimePasscode] in ${edit.yaml.name}`
    : 'passcodes are on and new consumer accounts off already';
  const mailed = mail ? 'mail each a new invitation' : 'mail nobody';
  say(`1. ${file}`);
  tellLockouts(lockouts, (line) => say(`   ${line}`));
  say(`2. reset ${count} ${count === 1 ? 'guest' : 'guests'} redeemed by ${METHOD}; ${mailed}`);
  say(
    `3. when guestpass guests list --tenant ${id} --method ${METHOD} finds nobody, take consumerAccounts away`,
  );
  if (!apply) say('Nothing was changed; add --apply to do 1 and 2.');
}

/** What became of one guest. */
interface Migrated {
  readonly tenant: string;
  readonly address: string;
  readonly sub: string;
  readonly outcome: string;
  readonly code?: string;
}

/** Resets every guest, and says so at once. @returns what became of each, for programs */
async function resetAll(
  parts: Parts,
  tenant: Tenant,
  options: MigrateOptions,
  output: Output,
): Promise<readonly Migrated[]> {
  const done: Migrated[] = [];
  const how = { sendMessage: options.mail, actor: actorOf(options) };
  for await (const guest of boundGuests(parts.store.guests, tenant.id)) {
    const { address, id } = guest;
    if (guest.blockedAt !== null) {
      output.warn(`${address}  is blocked and left as is`);
      continue;
    }
    const reset = await parts.invitations.create(tenant, resetOrderOf(tenant, guest, how));
    if (reset.outcome === 'refused') {
      const sentence = refusalSentence(reset.code, tenant.displayName);
      output.warn(`${address}  ${reset.code}  ${sentence}`);
      done.push({ tenant: tenant.id, address, sub: id, outcome: 'refused', code: reset.code });
      continue;
    }
    const invited = { outcome: reset.outcome, address, id, link: reset.redeemUrl };
    output.say(invitationLine(invited, address, tenant.id));
    done.push(invitedValue(invited, address, tenant.id));
  }
  if (options.mail) await deliver(parts, output);
  return done;
}

async function* boundGuests(
  guests: Pick<GuestStore, 'list'>,
  tenant: string,
): AsyncGenerator<Guest> {
  let after = '';
  let page: readonly Guest[];
  do {
    // By id: guests who were reset leave the list without moving the others.
    page = await guests.list(tenant, { state: 'Accepted', after, limit: PAGE });
    yield* page.filter(({ method }) => method === METHOD);
    after = page.at(-1)?.id ?? '';
  } while (page.length === PAGE);
}
