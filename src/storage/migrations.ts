// Owns the shape of the database: one ordered list of changes, each for both engines.
//
// A migration that was released is never edited; a change is a new one at the end, named so that it
// sorts last.

import { sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import type { SqlKind } from './sql.ts';
import { addColumns, type Addition, type ColumnType, createTables, type Table } from './tables.ts';

/** The migrations of one engine, by name, in the order of their names. */
export function migrationsFor(kind: SqlKind): Record<string, Migration> {
  const types = typesOf(kind);
  return {
    '0001-first-tables': { up: (db) => createTables(db, kind, firstTables(types)) },
    '0002-audit': { up: (db) => createTables(db, kind, auditTables(types)) },
    '0003-guest-sessions': {
      up: async (db) => {
        await createTables(db, kind, sessionTables(types));
        // An address is looked for over all tenants by its owner's own page alone.
        const byAddress = { guests_address_key: ['address_key'] };
        await addColumns(db, kind, [{ table: 'guests', columns: {}, indexes: byAddress }]);
      },
    },
    '0004-mail-fates': { up: (db) => addColumns(db, kind, mailFates(types)) },
  };
}

/** The types of columns, in the words of one engine. */
interface Types {
  /** ASCII, at most so many characters. */
  readonly key: (length: number) => ColumnType;
  readonly text: ColumnType;
  readonly serial: ColumnType;
}

function typesOf(kind: SqlKind): Types {
  // Keys are ASCII and bytewise equal or not. Under MySQL's default collations mıke@ is mike@ and
  // two ids that differ in case are one (S16).
  const key = (length: number): ColumnType =>
    kind === 'mysql' ? sql.raw(`varchar(${length}) character set ascii collate ascii_bin`) : 'text';
  const text: ColumnType =
    kind === 'mysql' ? sql.raw('mediumtext character set utf8mb4 collate utf8mb4_bin') : 'text';
  const serial: ColumnType = sql.raw(
    kind === 'mysql' ? 'bigint auto_increment primary key' : 'integer primary key autoincrement',
  );
  return { key, text, serial };
}

const time: ColumnType = 'bigint';
const count: ColumnType = 'integer';

function firstTables({ key, text, serial }: Types): readonly Table[] {
  const tenant = key(63);
  const address = key(254);
  return [
    {
      name: 'guests',
      columns: {
        tenant,
        id: key(64),
        address,
        address_key: address,
        'display_name?': text,
        'invited_by?': text,
        state: key(32),
        kind: key(16),
        'method?': key(64),
        'connection?': key(64),
        // Wide enough for the id that is put before it when the guest is removed.
        'identity?': key(160),
        'idp?': text,
        'invitation_id?': key(64),
        'invitation_expires_at?': time,
        'invitation?': text,
        invited_at: time,
        'redeemed_at?': time,
        'blocked_at?': time,
        'reset_at?': time,
        'revoked_at?': time,
        'removed_at?': time,
        'removed_key?': address,
      },
      primaryKey: ['tenant', 'id'],
      unique: { guests_id: ['id'], guests_address: ['tenant', 'address_key'] },
      uniqueWhenSet: { guests_identity: ['tenant', 'identity'] },
      indexes: { guests_removed_key: ['tenant', 'removed_key'], guests_removal: ['removed_at'] },
    },
    {
      name: 'guest_addresses',
      columns: {
        tenant,
        // As wide as an address with the id before it.
        address_key: key(319),
        address,
        id: key(64),
        position: count,
        'removed_at?': time,
      },
      primaryKey: ['tenant', 'address_key'],
      indexes: {
        guest_addresses_guest: ['tenant', 'id', 'position'],
        guest_addresses_removal: ['removed_at'],
      },
    },
    {
      name: 'invitation_blocks',
      columns: { tenant, address_key: address, blocked_at: time },
      primaryKey: ['tenant', 'address_key'],
    },
    {
      name: 'sign_ins',
      columns: {
        tenant,
        uid: key(64),
        browser: key(64),
        address,
        address_key: address,
        'label?': key(16),
        sends: count,
        'last_sent_at?': time,
        attempts: count,
        live_from: count,
        'live_until?': time,
        strong: count,
        'verified_at?': time,
        'decision?': text,
        'proof?': text,
        accepted: count,
        'notice?': text,
        expires_at: time,
      },
      primaryKey: ['tenant', 'uid'],
      indexes: { sign_ins_expiry: ['expires_at'] },
    },
    {
      name: 'upstream_journeys',
      columns: {
        id: key(64),
        tenant,
        uid: key(64),
        browser: key(64),
        connection: key(64),
        memory: text,
        expires_at: time,
      },
      primaryKey: ['id'],
      indexes: { upstream_journeys_expiry: ['expires_at'] },
    },
    {
      name: 'passcodes',
      columns: {
        tenant,
        uid: key(64),
        sequence: count,
        digest: key(64),
        pepper_version: count,
        strong: count,
        created_at: time,
        expires_at: time,
      },
      primaryKey: ['tenant', 'uid', 'sequence'],
      indexes: { passcodes_expiry: ['expires_at'] },
    },
    {
      name: 'budgets',
      columns: {
        scope: key(40),
        subject: key(64),
        window_seconds: count,
        window_number: time,
        used: count,
        'expires_at?': time,
      },
      primaryKey: ['scope', 'subject', 'window_seconds', 'window_number'],
      indexes: { budgets_expiry: ['expires_at'] },
    },
    {
      name: 'outbox',
      columns: {
        id: key(64),
        tenant,
        'sealed?': text,
        state: key(16),
        deliveries: count,
        next_attempt_at: time,
        expires_at: time,
        created_at: time,
        'lease?': key(64),
        'lease_until?': time,
        'fault?': key(80),
      },
      primaryKey: ['id'],
      indexes: {
        outbox_due: ['state', 'next_attempt_at'],
        outbox_age: ['state', 'created_at'],
      },
    },
    {
      name: 'mailbox',
      columns: {
        position: serial,
        id: key(64),
        received_at: time,
        recipient: address,
        subject: text,
        text,
        html: text,
      },
      unique: { mailbox_id: ['id'] },
      indexes: { mailbox_age: ['received_at'] },
    },
    {
      name: 'oidc_records',
      columns: {
        tenant,
        model: key(40),
        id: key(64),
        payload: text,
        'grant_id?': key(64),
        'uid?': key(64),
        'user_code?': key(64),
        'consumed_at?': time,
        'expires_at?': time,
      },
      primaryKey: ['tenant', 'model', 'id'],
      uniqueWhenSet: { oidc_records_uid: ['tenant', 'model', 'uid'] },
      indexes: {
        oidc_records_user_code: ['tenant', 'model', 'user_code'],
        oidc_records_grant: ['tenant', 'grant_id'],
        oidc_records_expiry: ['expires_at'],
      },
    },
    {
      name: 'signing_keys',
      columns: {
        tenant,
        kid: key(64),
        algorithm: key(16),
        generation: count,
        sealed: text,
        created_at: time,
        active_from: time,
        'retired_at?': time,
      },
      primaryKey: ['tenant', 'algorithm', 'generation'],
    },
  ];
}

/** Nothing here is a whole address: those of a guest who is gone would outlive them (S65). */
function auditTables({ key, text, serial }: Types): readonly Table[] {
  return [
    {
      name: 'audit',
      columns: {
        position: serial,
        id: key(64),
        at: time,
        'tenant?': key(63),
        event: key(80),
        'actor?': text,
        'subject?': key(64),
        'client?': text,
        'outcome?': text,
        // `row` alone is a word of MySQL's own.
        'decision_row?': text,
        'rule?': text,
        'error_code?': text,
        'reference?': text,
        'address?': text,
        'address_hash?': key(64),
        'network?': text,
        detail: text,
      },
      unique: { audit_id: ['id'] },
      indexes: {
        audit_tenant: ['tenant', 'position'],
        audit_subject: ['subject', 'position'],
        audit_address: ['address_hash', 'position'],
        audit_age: ['at'],
      },
    },
  ];
}

/** Beside the engine's records, which know neither a browser nor, by an index, a guest. */
function sessionTables({ key, text }: Types): readonly Table[] {
  return [
    {
      name: 'guest_sessions',
      columns: {
        tenant: key(63),
        uid: key(64),
        guest_id: key(64),
        browser: text,
        by_mail: count,
        signed_in_at: time,
        expires_at: time,
        'ended_at?': time,
      },
      primaryKey: ['tenant', 'uid'],
      indexes: {
        guest_sessions_guest: ['tenant', 'guest_id'],
        guest_sessions_expiry: ['expires_at'],
      },
    },
  ];
}

/** What became of a mail, whose it was, and which one belongs to a sign-in. */
function mailFates({ key }: Types): readonly Addition[] {
  return [
    {
      table: 'outbox',
      columns: {
        guest: key(64),
        kind: key(24),
        label: key(16),
        settled_at: time,
        delayed_at: time,
        bounced_at: time,
        bounce: key(16),
        complained_at: time,
      },
      indexes: { outbox_guest: ['tenant', 'guest', 'created_at'] },
    },
    { table: 'sign_ins', columns: { message_id: key(64) } },
    { table: 'passcodes', columns: { link_digest: key(64) } },
  ];
}
