// Owns the shape of the database: one ordered list of changes, each for both engines.
//
// A migration that was released is never edited; a change is a new one at the end, named so that it
// sorts last. On MySQL a schema change commits by itself, so every statement bears being repeated:
// a migration cut off by a crash is run again from its start.

import {
  type ColumnDataType,
  type CreateTableBuilder,
  type Kysely,
  type RawBuilder,
  sql,
} from 'kysely';
import type { Migration } from 'kysely/migration';
import type { SqlKind } from './sql.ts';

type ColumnType = ColumnDataType | RawBuilder<unknown>;

interface Table {
  readonly name: string;
  /** Columns in order; a name ending in `?` may be null. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Absent when the type of a column says it. */
  readonly primaryKey?: readonly string[];
  readonly unique?: Readonly<Record<string, readonly string[]>>;
  /** Unique among the rows in which the last column is set. */
  readonly uniqueWhenSet?: Readonly<Record<string, readonly string[]>>;
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

/** The migrations of one engine, by name, in the order of their names. */
export function migrationsFor(kind: SqlKind): Record<string, Migration> {
  return { '0001-first-tables': { up: (db) => createTables(db, kind, firstTables(kind)) } };
}

function firstTables(kind: SqlKind): readonly Table[] {
  // Keys are ASCII and bytewise equal or not. Under MySQL's default collations mıke@ is mike@ and
  // two ids that differ in case are one (S16).
  const key = (length: number): ColumnType =>
    kind === 'mysql' ? sql.raw(`varchar(${length}) character set ascii collate ascii_bin`) : 'text';
  const text: ColumnType =
    kind === 'mysql' ? sql.raw('mediumtext character set utf8mb4 collate utf8mb4_bin') : 'text';
  const time: ColumnType = 'bigint';
  const count: ColumnType = 'integer';
  const serial: ColumnType = sql.raw(
    kind === 'mysql' ? 'bigint auto_increment primary key' : 'integer primary key autoincrement',
  );
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
        'method?': key(64),
        invited_at: time,
        'redeemed_at?': time,
        'blocked_at?': time,
      },
      primaryKey: ['tenant', 'id'],
      unique: { guests_id: ['id'], guests_address: ['tenant', 'address_key'] },
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
        'notice?': text,
        expires_at: time,
      },
      primaryKey: ['tenant', 'uid'],
      indexes: { sign_ins_expiry: ['expires_at'] },
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

async function createTables(
  db: Kysely<unknown>,
  kind: SqlKind,
  tables: readonly Table[],
): Promise<void> {
  for (const table of tables) {
    if (kind === 'mysql') await createMysqlTable(db, table);
    else await createSqliteTable(db, table);
  }
}

/** One statement with all its indexes: a crash leaves a whole table or none. */
async function createMysqlTable(db: Kysely<unknown>, table: Table): Promise<void> {
  let create = withColumns(db, table).modifyEnd(
    sql`engine = InnoDB default character set utf8mb4 collate utf8mb4_bin`,
  );
  // A MySQL unique index lets any number of NULLs in.
  for (const [name, columns] of Object.entries({ ...table.unique, ...table.uniqueWhenSet })) {
    create = create.addUniqueConstraint(name, [...columns]);
  }
  for (const [name, columns] of Object.entries(table.indexes ?? {})) {
    create = create.addIndex(name, [...columns]);
  }
  await create.execute();
}

async function createSqliteTable(db: Kysely<unknown>, table: Table): Promise<void> {
  const create = withColumns(db, table);
  await (table.primaryKey ? create.modifyEnd(sql`without rowid`) : create).execute();
  const index = (name: string, columns: readonly string[]) =>
    db.schema
      .createIndex(name)
      .ifNotExists()
      .on(table.name)
      .columns([...columns]);
  for (const [name, columns] of Object.entries(table.unique ?? {})) {
    await index(name, columns).unique().execute();
  }
  for (const [name, columns] of Object.entries(table.uniqueWhenSet ?? {})) {
    await index(name, columns).unique().where(lastOf(columns), 'is not', null).execute();
  }
  for (const [name, columns] of Object.entries(table.indexes ?? {})) {
    // Most rows have no grant, user code or lease: those need no entry.
    const last = lastOf(columns);
    const indexed = index(name, columns);
    await (`${last}?` in table.columns ? indexed.where(last, 'is not', null) : indexed).execute();
  }
}

function withColumns(db: Kysely<unknown>, table: Table): CreateTableBuilder<string, string> {
  let create: CreateTableBuilder<string, string> = db.schema.createTable(table.name).ifNotExists();
  for (const [name, type] of Object.entries(table.columns)) {
    create = name.endsWith('?')
      ? create.addColumn(name.slice(0, -1), type)
      : create.addColumn(name, type, (column) => column.notNull());
  }
  return table.primaryKey
    ? create.addPrimaryKeyConstraint(`${table.name}_key`, [...table.primaryKey])
    : create;
}

function lastOf(columns: readonly string[]): string {
  const last = columns.at(-1);
  if (last === undefined) throw new TypeError('an index without columns');
  return last;
}
