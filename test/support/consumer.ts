// Owns a project that depends on this package as published: packed, and installed with its locked
// production packages and nothing else.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export const run = promisify(execFile);
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

type Versions = Readonly<Record<string, string>>;
interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

let packed: Promise<string> | undefined;

/** Packs the package as `npm publish` would, once in a run. @returns the path of the tarball */
export function pack(): Promise<string> {
  packed ??= packOnce();
  return packed;
}

async function packOnce(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-packed-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await run('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT });
  const [tarball = ''] = await readdir(folder);
  return join(folder, tarball);
}

/** A project on disk. */
export interface Consumer {
  readonly folder: string;
  /** Copies a file into it. @param name what it is called there */
  add(from: string, name: string): Promise<void>;
  remove(): Promise<void>;
}

/**
 * Makes a project and installs by a lock file made of ours: what `npm ci` brought here is in npm's
 * cache, so nothing is fetched.
 *
 * @param wanted further packages of our lock, each without dependencies of its own that are not there
 */
export async function createConsumer(wanted: readonly string[]): Promise<Consumer> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-consumer-'));
  const tarball = await pack();
  const integrity = `sha512-${createHash('sha512')
    .update(await readFile(tarball))
    .digest('base64')}`;
  const lock = JSON.parse(await readFile(join(ROOT, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const ours = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8')) as {
    readonly version: string;
    readonly dependencies: Versions;
  };
  const versionOf = (name: string): string => lock.packages[`node_modules/${name}`]?.version ?? '';
  const file = `file:${tarball}`;
  const dependencies: Record<string, string> = { guestpass: file };
  for (const name of wanted) dependencies[name] = versionOf(name);
  const manifest = { name: 'consumer', version: '1.0.0', type: 'module', private: true };
  // Ours: overrides of a package that is depended on do not count.
  const overrides = { '@ladjs/consolidate': { ejs: versionOf('ejs') } };
  const kept = Object.entries(lock.packages).filter(
    ([path, { dev, devOptional }]) =>
      path !== '' &&
      ((!dev && !devOptional) || wanted.some((name) => path === `node_modules/${name}`)),
  );
  const packages = {
    '': { ...manifest, dependencies },
    ...Object.fromEntries(kept.map(([path, { dev: _dev, ...entry }]) => [path, entry])),
    'node_modules/guestpass': {
      version: ours.version,
      resolved: file,
      integrity,
      dependencies: ours.dependencies,
    },
  };
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, dependencies, overrides }),
  );
  await writeFile(
    join(folder, 'package-lock.json'),
    JSON.stringify({ ...manifest, lockfileVersion: 3, requires: true, packages }),
  );
  const quiet = [
    '--prefer-offline',
    '--ignore-scripts',
    '--omit=optional',
    '--no-audit',
    '--no-fund',
  ];
  await run('npm', ['ci', ...quiet], { cwd: folder });
  return {
    folder,
    async add(from, name) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await cp(join(ROOT, from), join(folder, name));
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
