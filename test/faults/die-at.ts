// Owns a death in the middle of a migration: loaded before the command, it ends the process as a
// power cut would, right after so many tables and indexes were asked for.

import { Socket } from 'node:net';
import { DatabaseSync } from 'node:sqlite';

const last = Number(process.env['DIE_AT'] ?? 0);
let seen = 0;

// oxlint-disable-next-line typescript/unbound-method -- both are called with what they belong to
const { prepare } = DatabaseSync.prototype;
// oxlint-disable-next-line typescript/unbound-method -- as above
const write = Socket.prototype.write as (this: Socket, ...given: unknown[]) => boolean;

DatabaseSync.prototype.prepare = function (this: DatabaseSync, sql: string, ...rest: []) {
  const statement = prepare.call(this, sql, ...rest);
  if (isCounted(sql)) {
    statement.run();
    dieIfLast();
  }
  return statement;
};

Socket.prototype.write = function (this: Socket, ...given: unknown[]) {
  const [chunk] = given;
  const isLast = Buffer.isBuffer(chunk) && isCounted(chunk.toString('latin1')) && seen === last;
  const written = write.call(this, ...given);
  // It is in the kernel's hands by now: the server carries it out, and nobody hears of it.
  if (isLast) dieIfLast();
  return written;
};

function isCounted(text: string): boolean {
  if (!/\bcreate (?:table|index|unique index)\b/i.test(text)) return false;
  seen += 1;
  return true;
}

function dieIfLast(): void {
  if (seen === last) process.kill(process.pid, 'SIGKILL');
}
