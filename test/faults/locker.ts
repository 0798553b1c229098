// Owns a process that takes an SQLite database for itself, and keeps it until it is killed.

import { DatabaseSync } from 'node:sqlite';

const database = new DatabaseSync(process.argv[2] ?? '', { timeout: 10_000 });
database.exec('BEGIN IMMEDIATE');
process.send?.('locked');
// The channel keeps this process alive.
process.on('message', () => undefined);
