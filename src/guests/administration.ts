// Owns what is done to a guest who exists: reset, block, remove, leave, and their way back. Every
// change leaves a line for the auditor (S64).

import type { Clock } from '../domain/clock.ts';
import type { EmailAddress } from '../domain/email-address.ts';
import type { Tenant } from '../domain/tenant.ts';
import type { Guest, Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import {
  blockGuest,
  type GuestReset,
  removeGuest,
  resetGuest,
  type ResetOutcome,
  revokeGuest,
} from './revocation.ts';

/**
 * Each takes the tenant it acts for: a guest of another one is not there. `actor` is who did it, for
 * the log: an address or the name of a token.
 */
export interface Administration {
  /**
   * Lets a guest redeem anew, under the same `sub`, perhaps at another address of theirs; ends
   * sessions, tokens and live passcodes (R68).
   */
  reset(tenant: Tenant, guest: Guest, reset: GuestReset, actor: string): Promise<ResetOutcome>;
  /** Lets a guest sign in no more, at once. @returns false when not there */
  block(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
  /** Ends sessions, tokens and live passcodes, nothing else. @returns false when not there */
  revoke(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
  /** Changes the name shown; null takes it away. @returns false when not there */
  rename(tenant: Tenant, guest: Guest, name: string | null, actor: string): Promise<boolean>;
  /** What ended with the block stays ended. @returns false when not there */
  unblock(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
  /** Soft, restorable for 30 days; the address is free at once (T84). @returns false when not there */
  remove(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
  /** @returns false when it is too late, or somebody else has the address by now (R77) */
  restore(tenant: Tenant, guest: Guest, actor: string): Promise<boolean>;
  /** The guest's own wish, restorable as a removal (R77). */
  leave(tenant: Tenant, guest: Guest): Promise<'left' | 'not_allowed' | 'unknown'>;
  /**
   * Notes another address of a guest: it finds them (R58) and a reset may move them there. Nothing
   * does this by itself when their address changes elsewhere (R78).
   *
   * @returns false when a guest of the tenant has the address already
   */
  addAddress(tenant: Tenant, guest: Guest, address: EmailAddress, actor: string): Promise<boolean>;
}

/**
 * Tells whether guests of a tenant may leave by themselves: only where a privacy statement says
 * whom to ask what is kept of them. Pure.
 *
 * @source rules R77
 */
export function mayLeave(tenant: Pick<Tenant, 'guestsMayLeave' | 'privacyUrl'>): boolean {
  return tenant.guestsMayLeave !== false && tenant.privacyUrl !== undefined;
}

export function createAdministration({
  store,
  clock,
  log,
}: {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}): Administration {
  return {
    async reset(tenant, guest, reset, actor) {
      const outcome = await store.transaction((tx) =>
        resetGuest(tx, tenant.id, guest, reset, clock()),
      );
      const address = reset.address && { address: reset.address.address };
      record('guest.reset', tenant, guest, { actor, outcome, ...address });
      return outcome;
    },
    block: (tenant, guest, actor) =>
      audited('guest.block', tenant, guest, actor, (tx) =>
        blockGuest(tx, tenant.id, guest, clock()),
      ),
    unblock: (tenant, guest, actor) =>
      audited('guest.unblock', tenant, guest, actor, (tx) =>
        tx.guests.setBlocked(tenant.id, guest.id, clock(), false),
      ),
    revoke: (tenant, guest, actor) =>
      audited('guest.revoke', tenant, guest, actor, (tx) =>
        revokeGuest(tx, tenant.id, guest, clock()),
      ),
    rename: (tenant, guest, name, actor) =>
      audited('guest.rename', tenant, guest, actor, (tx) =>
        tx.guests.rename(tenant.id, guest.id, name),
      ),
    remove: (tenant, guest, actor) =>
      audited('guest.remove', tenant, guest, actor, (tx) =>
        removeGuest(tx, tenant.id, guest, clock()),
      ),
    restore: (tenant, guest, actor) =>
      audited('guest.restore', tenant, guest, actor, (tx) =>
        tx.guests.restore(tenant.id, guest.id, clock()),
      ),
    async leave(tenant, guest) {
      if (!mayLeave(tenant)) return 'not_allowed';
      const left = await audited('guest.leave', tenant, guest, 'guest', (tx) =>
        removeGuest(tx, tenant.id, guest, clock()),
      );
      return left ? 'left' : 'unknown';
    },
    async addAddress(tenant, guest, { address, key }, actor) {
      const added = { address, addressKey: key };
      const done = await store.guests.addAddress(tenant.id, guest.id, added);
      record('guest.add-address', tenant, guest, { actor, address, outcome: outcomeOf(done) });
      return done;
    },
  };

  async function audited(
    event: string,
    tenant: Tenant,
    guest: Guest,
    actor: string,
    act: (tx: Store) => Promise<boolean>,
  ): Promise<boolean> {
    const done = await store.transaction(act);
    // After the commit: a transaction that runs twice happened once.
    record(event, tenant, guest, { actor, outcome: outcomeOf(done) });
    return done;
  }

  function record(event: string, tenant: Tenant, guest: Guest, fields: object): void {
    const { id: subject, address } = guest;
    log.info(event, { audit: true, tenant: tenant.id, subject, address, ...fields });
  }
}

function outcomeOf(done: boolean): 'done' | 'refused' {
  return done ? 'done' : 'refused';
}
