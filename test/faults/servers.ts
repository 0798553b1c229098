// Owns several servers of one installation, each a process of its own with its own copy of the files.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type ProcessOptions, type ServerProcess, startProcess } from '../support/processes.ts';
import { freePort, type Installation } from '../support/world.ts';

export interface Server {
  /** Its configuration folder. */
  readonly folder: string;
  readonly port: number;
  readonly adminPort: number;
  /** The process that was started last. @throws before there is one */
  readonly running: ServerProcess;
  start(options?: ProcessOptions): Promise<ServerProcess>;
  /** The private listener's answer to a path. */
  admin(path: string): Promise<{ readonly status: number; readonly text: string }>;
  /** Kills what runs and removes the folder. */
  remove(): Promise<void>;
}

/**
 * Copies an installation's files for one more server.
 *
 * @param changes of guestpass.yaml; addresses are chosen here
 */
export async function createServer(
  installation: Pick<Installation, 'folder'>,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-server-'));
  const [port, adminPort] = [await freePort(), await freePort()];
  const text = await readFile(join(installation.folder, 'guestpass.yaml'), 'utf8');
  const settings = {
    ...(parse(text) as object),
    listen: `127.0.0.1:${port}`,
    adminListen: `127.0.0.1:${adminPort}`,
    ...changes,
  };
  await writeFile(join(folder, 'guestpass.yaml'), stringify(settings));
  await mkdir(join(folder, 'tenants'));
  for (const id of ['a', 'b']) {
    const file = join('tenants', `${id}.yaml`);
    await writeFile(join(folder, file), await readFile(join(installation.folder, file)));
  }
  let running: ServerProcess | undefined;
  return {
    folder,
    port,
    adminPort,
    get running() {
      if (!running) throw new TypeError('it was not started');
      return running;
    },
    async start(options = {}) {
      running = await startProcess(folder, options);
      return running;
    },
    async admin(path) {
      const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`);
      return { status: answer.status, text: await answer.text() };
    },
    async remove() {
      await running?.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
