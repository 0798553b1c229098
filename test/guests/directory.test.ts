import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import { createDirectory, type Directory } from '../../src/guests/directory.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';

describe('createDirectory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'guestpass-guests-'));
  const file = join(folder, 'g.db');
  let store: Store;
  let directory: Directory;
  let now = 1_800_000_000;
  let tenants = 0;

  before(async () => {
    store = await openStore({ kind: 'sqlite', file });
    directory = createDirectory({ store, clock: () => now });
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
  });

  const newTenant = () => `t${(tenants += 1)}`;
  const invite = (tenant: string, address: string, more: object = {}) =>
    directory.invite({ tenant, address: parseEmailAddress(address)!, ...more });

  it('R69 makes a guest who has not accepted yet', async () => {
    const tenant = newTenant();
    const { guest, created } = await invite(tenant, 'Teri@gmail.com', { displayName: 'Teri' });
    assert.equal(created, true);
    assert.match(guest.id, /^[\w-]{22}$/);
    assert.deepEqual(guest, {
      tenant,
      id: guest.id,
      address: 'Teri@gmail.com',
      addressKey: 'teri@gmail.com',
      displayName: 'Teri',
      invitedBy: null,
      state: 'PendingAcceptance',
      method: null,
      invitedAt: now,
      redeemedAt: null,
      blockedAt: null,
    });
  });

  it('R4 says nothing of a method before redemption', async () => {
    const { guest } = await invite(newTenant(), 'g@partner.example');
    assert.equal(guest.method, null);
  });

  it('invites an address once, in whatever case it is written', async () => {
    const tenant = newTenant();
    const first = await invite(tenant, 'g@partner.example');
    const second = await invite(tenant, 'G@PARTNER.example', { displayName: 'Other' });
    assert.deepEqual(second, { guest: first.guest, created: false });
  });

  it('S18 gives the same address another subject in another tenant', async () => {
    const here = await invite(newTenant(), 'g@partner.example');
    const there = await invite(newTenant(), 'g@partner.example');
    assert.notEqual(here.guest.id, there.guest.id);
  });

  it('finds a guest by address and by subject, in the own tenant only', async () => {
    const [tenant, other] = [newTenant(), newTenant()];
    const { guest } = await invite(tenant, 'g@partner.example');
    assert.deepEqual(await directory.findByAddress(tenant, 'g@partner.example'), guest);
    assert.deepEqual(await directory.findBySubject(tenant, guest.id), guest);
    assert.deepEqual(await directory.findBySubject(undefined, guest.id), guest);
    assert.equal(await directory.findByAddress(other, 'g@partner.example'), undefined);
    assert.equal(await directory.findBySubject(other, guest.id), undefined);
    assert.equal(await directory.findByAddress(tenant, 'nobody@partner.example'), undefined);
  });

  it('R6 binds the method once', async () => {
    const tenant = newTenant();
    const { guest } = await invite(tenant, 'g@partner.example');
    await directory.redeem(guest, 'emailOneTimePasscode');
    const redeemed = await directory.findBySubject(tenant, guest.id);
    assert.equal(redeemed?.state, 'Accepted');
    assert.equal(redeemed?.method, 'emailOneTimePasscode');
    assert.equal(redeemed?.redeemedAt, now);
    const then = now;
    now += 60;
    // Both by what is known and by what a second tab still believes.
    await directory.redeem(redeemed, 'emailOneTimePasscode');
    await directory.redeem(guest, 'emailOneTimePasscode');
    assert.equal((await directory.findBySubject(tenant, guest.id))?.redeemedAt, then);
  });

  it('S29 knows a blocked guest no more, by address or by subject', async () => {
    const tenant = newTenant();
    const { guest } = await invite(tenant, 'g@partner.example');
    const database = new DatabaseSync(file);
    database.prepare('UPDATE guests SET blocked_at = 1 WHERE id = ?').run(guest.id);
    database.close();
    assert.equal(await directory.findByAddress(tenant, 'g@partner.example'), undefined);
    assert.equal(await directory.findBySubject(tenant, guest.id), undefined);
    assert.equal(await directory.findBySubject(undefined, guest.id), undefined);
    // Inviting again does not let them in by the back door.
    assert.equal((await invite(tenant, 'g@partner.example')).created, false);
    assert.equal(await directory.findByAddress(tenant, 'g@partner.example'), undefined);
  });
});
