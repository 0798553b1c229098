// Owns making tables and their indexes on both engines.
//
// On MySQL a schema change commits by itself, so every statement bears being repeated: a migration
// cut off by a crash is run again from its start.

import {
  type ColumnDataType,
  type CreateTableBuilder,
  type Kysely,
  type RawBuilder,
  sql,
} from 'kysely';
import type { SqlKind } from './sql.ts';

/** As Kysely names it, or the engine's own words. */
export type ColumnType = ColumnDataType | RawBuilder<unknown>;

/** One table as both engines make it. */
export interface Table {
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

/** Makes the tables that are not there yet. */
export async function createTables(
  db: Kysely<unknown>,
  kind: SqlKind,
  tables: readonly Table[],
): Promise<void> {
  for (const table of tables) {
    if (kind === 'mysql') await createMysqlTable(db, table);
    else await createSqliteTable(db, table);
  }
}

/** Columns a table of before gets; each may be null, so that versions of before go on writing it. */
export interface Addition {
  readonly table: string;
  readonly columns: Readonly<Record<string, ColumnType>>;
  readonly indexes?: Readonly<Record<string, readonly string[]>>;
}

/** Adds the columns and indexes that are not there yet. */
export async function addColumns(
  db: Kysely<unknown>,
  kind: SqlKind,
  additions: readonly Addition[],
): Promise<void> {
  for (const { table, columns, indexes = {} } of additions) {
    const there = await namesOf(db, kind, table);
    for (const [name, type] of Object.entries(columns)) {
      if (there.has(name)) continue;
      await db.schema.alterTable(table).addColumn(name, type).execute();
    }
    for (const [name, indexed] of Object.entries(indexes)) {
      if (there.has(name)) continue;
      await db.schema
        .createIndex(name)
        .on(table)
        .columns([...indexed])
        .execute();
    }
  }
}

/** Names of the columns and indexes of a table. */
async function namesOf(
  db: Kysely<unknown>,
  kind: SqlKind,
  table: string,
): Promise<ReadonlySet<string>> {
  const query =
    kind === 'sqlite'
      ? sql<{ name: string }>`SELECT name FROM pragma_table_info(${table})
          UNION SELECT name FROM pragma_index_list(${table})`
      : sql<{ name: string }>`SELECT column_name AS name FROM information_schema.columns
          WHERE table_schema = DATABASE() AND table_name = ${table}
          UNION SELECT index_name AS name FROM information_schema.statistics
          WHERE table_schema = DATABASE() AND table_name = ${table}`;
  const { rows } = await query.execute(db);
  return new Set(rows.map(({ name }) => name));
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
