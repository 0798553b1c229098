// Owns an example as its reader runs it: copied, installed by its lock file, started by its command.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
/** Node, Flask and Apache say it in these words. */
const READY = /Listening on |Running on |resuming normal operations/;

/** An application that listens. */
export interface Example {
  readonly origin: string;
  stop(): Promise<void>;
}

/** Starts one. @param name the folder */
export async function startExample(name: string, port: number, issuer: string): Promise<Example> {
  const folder = await mkdtemp(join(tmpdir(), `guestpass-example-`));
  // Apache reads its files as somebody without rights.
  await chmod(folder, 0o755);
  await cp(join(EXAMPLES, name), folder, {
    recursive: true,
    filter: (path) => !path.includes('node_modules'),
  });
  const isNode = existsSync(join(folder, 'package.json'));
  if (isNode)
    await run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: folder });
  const command = isNode ? 'npm' : './start';
  const child = spawn(command, isNode ? ['start', '--silent'] : [], {
    cwd: folder,
    // A group of its own: npm does not pass every signal on.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: String(port),
      ISSUER: issuer,
      // Debian's Python is the one with Debian's packages.
      ...(isNode ? {} : { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }),
    },
  });
  const abandon = (): void => void process.kill(-child.pid!, 'SIGKILL');
  process.once('exit', abandon);
  child.once('exit', () => process.off('exit', abandon));
  const said: string[] = [];
  const ready = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      if (READY.test(line)) ready.resolve();
    });
  }
  const exited = once(child, 'exit');
  const early = exited.then(() => {
    throw new Error(`${name} ended: ${said.join('\n')}`);
  });
  early.catch(() => undefined);
  await Promise.race([ready.promise, early]);
  return {
    origin: `http://127.0.0.1:${port}`,
    async stop() {
      process.kill(-child.pid!, 'SIGTERM');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
