// Owns what the doctor looks at on this machine and in the database.

import { existsSync } from 'node:fs';
import { access, constants, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { GuestError } from '../domain/errors.ts';
import { systemClock } from '../domain/clock.ts';
import { keyFileNames } from '../settings/key-files.ts';
import type { DatabaseSettings } from '../settings/settings.ts';
import { findMissingMigrations } from '../storage/missing-migrations.ts';
import { openDatabase } from '../storage/open-database.ts';
import { createStore } from '../storage/open-store.ts';
import { broken, doubtful, fine, type Finding } from './doctor-finding.ts';

const OLDEST_NODE = [24, 12] as const;
const SKEW_SECONDS = 5;
const LITTLE_BYTES = 1_073_741_824;
const NO_BYTES = 104_857_600;

/** Judges the version of Node. Pure. @param version e.g. `24.12.0` */
export function checkNode(version: string): Finding {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [wantedMajor, wantedMinor] = OLDEST_NODE;
  const isNew = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor);
  return isNew
    ? fine('node', version)
    : broken('node', version, `install Node ${OLDEST_NODE.join('.')} or newer`);
}

/** Looks whether the keys beside an embedded database are there, and nobody else's to read. */
export async function checkKeyFiles(database: DatabaseSettings): Promise<readonly Finding[]> {
  if (database.kind !== 'sqlite') return [];
  const found: Finding[] = [];
  for (const name of Object.values(keyFileNames)) {
    const path = join(dirname(database.file), name);
    const check = `secret ${name}`;
    if (!existsSync(path)) continue;
    const isWide = ((await stat(path)).mode & 0o007) !== 0;
    const isReadable = await can(path, constants.R_OK);
    if (isWide) found.push(broken(check, `${path} is everybody's to read`, `chmod 600 ${path}`));
    else if (!isReadable) {
      found.push(broken(check, `${path} cannot be read`, 'give it to the user of the server'));
    } else found.push(fine(check, path));
  }
  return found;
}

/** Looks whether the database answers, is of this version, takes writes and has the right time. */
export async function checkDatabase(settings: DatabaseSettings): Promise<readonly Finding[]> {
  if (settings.kind === 'sqlite' && !existsSync(settings.file)) {
    const mend = 'guestpass serve makes it, or guestpass migrate';
    return [doubtful('database', `there is no ${settings.file} yet`, mend)];
  }
  try {
    const missing = await findMissingMigrations(settings);
    const migrated =
      missing.length === 0
        ? fine('database', 'answers, and has every migration')
        : doubtful('database', `${missing.length} migrations are missing`, 'guestpass migrate');
    // Without its tables there is nothing to write to.
    return missing.length === 0 ? [migrated, ...(await checkInside(settings))] : [migrated];
  } catch (error) {
    const cause = error instanceof GuestError ? error.cause : error;
    const says = cause instanceof Error ? cause.message : String(cause);
    return [broken('database', says, 'start it, or mend database in guestpass.yaml')];
  }
}

async function checkInside(settings: DatabaseSettings): Promise<readonly Finding[]> {
  const database = openDatabase(settings, 1);
  try {
    // Nobody's rows: it takes what a write takes, and changes nothing.
    const isWritable = await database
      .run("UPDATE guests SET tenant = tenant WHERE tenant = ''")
      .then(
        () => true,
        () => false,
      );
    const skew = Math.round((await createStore(database).databaseTime()) - systemClock());
    return [
      isWritable
        ? fine('database writes', 'taken')
        : broken('database writes', 'refused', 'give its user the right to write, or free space'),
      Math.abs(skew) <= SKEW_SECONDS
        ? fine('clock', 'agrees with the database')
        : doubtful('clock', `${skew} s from the database`, 'run NTP on both machines'),
    ];
  } finally {
    await database.close();
  }
}

/** Looks how much the disk of an embedded database can still take. */
export async function checkDisk(database: DatabaseSettings): Promise<readonly Finding[]> {
  if (database.kind !== 'sqlite') return [];
  let folder = dirname(database.file);
  while (!existsSync(folder)) folder = dirname(folder);
  const { bavail, bsize } = await statfs(folder);
  return [judgeSpace(folder, bavail * bsize)];
}

/** Judges free space. Pure. @param bytes free for whoever asks */
export function judgeSpace(folder: string, bytes: number): Finding {
  const says = `${Math.floor(bytes / 1_048_576)} MiB free at ${folder}`;
  const mend = 'free space, or move the database';
  if (bytes < NO_BYTES) return broken('disk', says, mend);
  return bytes < LITTLE_BYTES ? doubtful('disk', says, mend) : fine('disk', says);
}

function can(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
