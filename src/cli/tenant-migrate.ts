// Owns `guestpass tenant migrate-consumers`: from consumer accounts to passcodes, as a plan and as a
// deed that can be taken up again.

import type { Tenant } from '../domain/tenant.ts';
import { sum } from '../guests/lockout.ts';
import type { Parts } from '../plugin/assemble.ts';
import type { Guest, GuestStore } from '../storage/store.ts';
import type { TenantChange } from '../tenants/edit.ts';
import { type Ask, askOnTerminal } from './ask.ts';
import { atTenant, deliver } from './installation.ts';
import { invitationLine } from './invite.ts';
import { actorOf, type GuestOptions } from './named-guest.ts';
import { EXIT, type Output, refused, terminal } from './output.ts';
import { resetOrderOf } from './reset.ts';
import { confirm, foresee, type ForeseenChange, tellLockouts, write } from './tenant-change.ts';

export interface MigrateOptions extends GuestOptions {
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
  if (!options.apply) {
    tellPlan(foreseen, count, options, output);
    return EXIT.fine;
  }
  if (!edit && count === 0) {
    output.say(`${tenant.id}  nothing is left to do`);
    return EXIT.fine;
  }
  tellPlan(foreseen, count, options, { ...output, say: output.warn });
  const unwanted = await confirm(`Do so at ${tenant.id}?`, options.yes, output, ask);
  if (unwanted !== undefined) return unwanted;
  return atTenant(options, output, async (parts) => {
    // First the file: whoever was reset must not find the door to the old place still open.
    const code = edit ? await write(edit, output) : EXIT.fine;
    const outcome = code === EXIT.fine ? 'done' : 'refused';
    const actor = actorOf(options);
    const key = 'emailOneTimePasscode, redemption.fallback';
    if (edit) parts.log.info('tenant.set', { audit: true, tenant: tenant.id, actor, key, outcome });
    return code === EXIT.fine ? resetAll(parts, tenant, options, output) : code;
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

async function resetAll(
  parts: Parts,
  tenant: Tenant,
  options: MigrateOptions,
  output: Output,
): Promise<number> {
  let code: number = EXIT.fine;
  for await (const guest of boundGuests(parts.store.guests, tenant.id)) {
    if (guest.blockedAt !== null) {
      output.warn(`${guest.address}  is blocked and left as is`);
      continue;
    }
    const order = resetOrderOf(tenant, guest, undefined, options);
    const reset = await parts.invitations.create(tenant, order);
    if (reset.outcome === 'refused') code = refused(output, guest.address, reset.code, tenant);
    else output.say(invitationLine(guest.address, tenant, reset));
  }
  if (options.mail) await deliver(parts, output);
  return code;
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
