// Holds every statement of the store to an index: with one tenant of a million rows a scan would be
// an outage. SQLite never runs ANALYZE here, so its choice depends on the schema alone.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { migrateDatabase } from '../../src/storage/migrate.ts';
import { createStore } from '../../src/storage/open-store.ts';
import type { Database, SqlValue } from '../../src/storage/sql.ts';
import { openSqlite } from '../../src/storage/sqlite.ts';
import type { Store } from '../../src/storage/store.ts';
import { bindingOf } from './contract/support.ts';

/** Passes everything on and notes what was sent. */
function recording(database: Database, statements: string[]): Database {
  const note = (sql: string): string => {
    statements.push(sql);
    return sql;
  };
  return {
    ...database,
    run: (sql, params) => database.run(note(sql), params),
    update: (sql, params) => database.update(note(sql), params),
    writeAll: (writes) => {
      writes.forEach(({ sql }) => note(sql));
      return database.writeAll(writes);
    },
    all: <T>(sql: string, params?: readonly SqlValue[]) => database.all<T>(note(sql), params),
    get: <T>(sql: string, params?: readonly SqlValue[]) => database.get<T>(note(sql), params),
  };
}

describe('query plans on SQLite', () => {
  let folder: string;
  let database: Database;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-plans-'));
    database = openSqlite(join(folder, 'guest.db'));
    await migrateDatabase(database);
  });
  after(async () => {
    await database.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function plansOf(use: (store: Store) => Promise<unknown>): Promise<readonly string[]> {
    const statements: string[] = [];
    await use(createStore(recording(database, statements)));
    const plans: string[] = [];
    for (const sql of statements) {
      const rows = await database.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
      plans.push(...rows.map((row) => row.detail));
    }
    return plans;
  }

  const sends = {
    tenant: 't',
    uid: 'u',
    browser: 'b',
    label: 'l',
    messageId: 'm',
    strong: false,
    now: 1,
  };
  const limits = { maxSends: 1, maxAttempts: 1, cooldownSeconds: 1, liveUntil: 1 };
  const key = { scope: 's', subject: 's', windowSeconds: 1 };
  const outcome = { state: 'sent', fault: null, at: 1 } as const;
  const calls: Readonly<Record<string, [(store: Store) => Promise<unknown>, RegExp]>> = {
    'guests.find': [(s) => s.guests.find('t', 'i'), /guests_id \(id=\?\)/],
    'guests.findById': [(s) => s.guests.findById('i'), /guests_id \(id=\?\)/],
    'guests.findByAddress': [
      (s) => s.guests.findByAddress('t', 'a'),
      /guests_address \(tenant=\? AND address_key=\?\)/,
    ],
    'guests.redeem': [(s) => s.guests.redeem('t', 'i', bindingOf('x'), 1), /guests_id \(id=\?\)/],
    'guests.findByOtherAddress': [
      (s) => s.guests.findByOtherAddress('t', 'a'),
      /guests_id \(id=\?\)[^]*guest_addresses USING PRIMARY KEY \(tenant=\? AND address_key=\?\)/,
    ],
    'guests.findByIdentity': [
      (s) => s.guests.findByIdentity('t', 'i'),
      /guests_identity \(tenant=\? AND identity=\?\)/,
    ],
    'guests.listInvitations': [
      (s) => s.guests.listInvitations('a', 1, 9),
      /guests_address_key \(address_key=\?\)/,
    ],
    'sessions.list': [
      (s) => s.sessions.list('t', 'g', 1, 9),
      /guest_sessions_guest \(tenant=\? AND guest_id=\?\)[^]*oidc_records_uid \(tenant=\? AND model=\? AND uid=\?\)/,
    ],
    'sessions.end': [
      (s) => s.sessions.end('t', 'g', 'u', 1),
      /guest_sessions USING PRIMARY KEY \(tenant=\? AND uid=\?\)/,
    ],
    'sessions.isEnded': [
      (s) => s.sessions.isEnded('t', 'u'),
      /guest_sessions USING PRIMARY KEY \(tenant=\? AND uid=\?\)/,
    ],
    'guests.list': [
      (s) => s.guests.list('t', { state: 'Accepted', after: 'i', limit: 9 }),
      /PRIMARY KEY \(tenant=\? AND id>\?\)/,
    ],
    'guests.list by address': [
      (s) => s.guests.list('t', { address: 'a', limit: 9 }),
      /guests_address \(tenant=\? AND address_key=\?\)/,
    ],
    'guests.list by another address': [
      (s) => s.guests.list('t', { otherAddress: 'a', limit: 9 }),
      /guests USING [^\n]*id=\?[^]*guest_addresses USING PRIMARY KEY \(tenant=\? AND address_key=\?\)/,
    ],
    'guests.list of the invited': [
      (s) => s.guests.list('t', { isInvited: true, after: 'i', limit: 9 }),
      /PRIMARY KEY \(tenant=\? AND id>\?\)/,
    ],
    'guests.listRestorable': [
      (s) => s.guests.listRestorable('t', { after: 'i', limit: 9 }, 1),
      /guests_removed_key \(tenant=\? AND removed_key>\?\)/,
    ],
    'guests.listRestorable of an address': [
      (s) => s.guests.listRestorable('t', { address: 'a', limit: 9 }, 1),
      /guests_removed_key \(tenant=\? AND removed_key=\?\)/,
    ],
    'guests.countBy': [(s) => s.guests.countBy('t'), /PRIMARY KEY \(tenant=\?\)/],
    'guests.rename': [(s) => s.guests.rename('t', 'i', 'n'), /guests_id \(id=\?\)/],
    'guests.listRemoved': [
      (s) => s.guests.listRemoved('t', 'a'),
      /guests_removed_key \(tenant=\? AND removed_key=\?\)/,
    ],
    'guests.listAddresses': [
      (s) => s.guests.listAddresses('t', 'i'),
      /guest_addresses_guest \(tenant=\? AND id=\?\)/,
    ],
    'guests.hasBlockedInvitations': [
      (s) => s.guests.hasBlockedInvitations('t', 'a'),
      /PRIMARY KEY \(tenant=\? AND address_key=\?\)/,
    ],
    'journeys.take': [(s) => s.journeys.take('i', 1), /PRIMARY KEY \(id=\?\)/],
    'signIns.find': [(s) => s.signIns.find('t', 'u'), /PRIMARY KEY \(tenant=\? AND uid=\?\)/],
    'signIns.takeSend': [
      (s) => s.signIns.takeSend({ ...sends, ...limits }),
      /PRIMARY KEY \(tenant=\? AND uid=\?\)/,
    ],
    'signIns.takeAttempt': [
      (s) => s.signIns.takeAttempt({ ...sends, ...limits }),
      /PRIMARY KEY \(tenant=\? AND uid=\?\)/,
    ],
    'passcodes.list': [(s) => s.passcodes.list('t', 'u'), /PRIMARY KEY \(tenant=\? AND uid=\?\)/],
    'budgets.read': [(s) => s.budgets.read([key, key], 1), /PRIMARY KEY \(scope=\? AND subject=\?/],
    'budgets.refund': [
      (s) => s.budgets.refund([key, key], 1),
      /PRIMARY KEY \(scope=\? AND subject=\? AND window_seconds=\? AND window_number=\?\)/,
    ],
    'outbox.due': [(s) => s.outbox.due(1, 1), /outbox_due \(state=\?/],
    'outbox.nextDueAt': [(s) => s.outbox.nextDueAt(), /outbox_due \(state=\?\)/],
    'outbox.waiting': [(s) => s.outbox.waiting(), /COVERING INDEX outbox_age \(state=\?\)/],
    'outbox.lease': [(s) => s.outbox.lease('i', 'l', 1, 1), /PRIMARY KEY \(id=\?\)/],
    'outbox.report': [
      (s) => s.outbox.report('i', { what: 'bounced', status: '5.1.1', at: 1 }),
      /PRIMARY KEY \(id=\?\)/,
    ],
    'outbox.listOf': [
      (s) => s.outbox.listOf('t', 'g', 9),
      /outbox_guest \(tenant=\? AND guest=\?\)/,
    ],
    'outbox.settle': [(s) => s.outbox.settle('i', 'l', outcome), /PRIMARY KEY \(id=\?\)/],
    'oidc.find': [
      (s) => s.oidc.find('t', 'm', 'i'),
      /PRIMARY KEY \(tenant=\? AND model=\? AND id=\?\)/,
    ],
    'oidc.findByUid': [
      (s) => s.oidc.findByUid('t', 'm', 'u'),
      /oidc_records_uid \(tenant=\? AND model=\? AND uid=\?\)/,
    ],
    'oidc.findByUserCode': [
      (s) => s.oidc.findByUserCode('t', 'm', 'c'),
      /oidc_records_user_code \(tenant=\? AND model=\? AND user_code=\?\)/,
    ],
    'oidc.consume': [
      (s) => s.oidc.consume('t', 'm', 'i', 1),
      /PRIMARY KEY \(tenant=\? AND model=\? AND id=\?\)/,
    ],
    'oidc.destroyByGrant': [
      (s) => s.oidc.destroyByGrant('t', 'g'),
      /oidc_records_grant \(tenant=\? AND grant_id=\?\)/,
    ],
    'oidc.destroyByGrant of one model': [
      (s) => s.oidc.destroyByGrant('t', 'g', 'm'),
      /oidc_records_grant \(tenant=\? AND grant_id=\? AND model=\?\)/,
    ],
    'keys.list': [(s) => s.keys.list('t'), /PRIMARY KEY \(tenant=\?\)/],
    'audit.list': [
      (s) => s.audit.list({ order: 'newest', since: 1, until: 2, event: 'e', limit: 9 }),
      /audit USING INTEGER PRIMARY KEY \(rowid<\?\)/,
    ],
    'audit.list of a tenant': [
      (s) => s.audit.list({ tenant: 't', since: 1, after: 3, limit: 9 }),
      /audit_tenant \(tenant=\? AND position>\?\)/,
    ],
    'audit.list by address': [
      (s) => s.audit.list({ tenant: 't', addressHash: 'h', order: 'newest', limit: 9 }),
      /audit_address \(address_hash=\? AND position<\?\)/,
    ],
    'audit.list of a guest': [
      (s) => s.audit.list({ tenant: 't', subject: 's', limit: 9 }),
      /audit_subject \(subject=\? AND position>\?\)/,
    ],
    'audit.purge': [(s) => s.audit.purge(1, 1), /audit_age \(at<\?\)/],
    purge: [(s) => s.purge(1, 1), /oidc_records_expiry \(expires_at<\?\)/],
    'purge of guests': [(s) => s.purge(1, 1), /guests_removal \(removed_at<\?\)/],
  };

  for (const [name, [use, expected]] of Object.entries(calls)) {
    it(`${name} searches by an index`, async () => {
      const plans = await plansOf(use);
      assert.match(plans.join('\n'), expected);
      // The trail is long: it is read in the order of an index, or sorted whole for every page.
      const isSorted = plans.some((plan) => plan.includes('TEMP B-TREE FOR ORDER BY'));
      assert.ok(!isSorted || !name.startsWith('audit.'));
      // `waiting` is the two-row subquery of nextDueAt.
      assert.deepEqual(
        plans.filter((plan) => plan.startsWith('SCAN') && plan !== 'SCAN waiting'),
        [],
      );
    });
  }

  it('S62 finds a guest by address with one statement', async () => {
    const statements: string[] = [];
    await createStore(recording(database, statements)).guests.findByAddress('t', 'a');
    assert.equal(statements.length, 1);
  });
});
