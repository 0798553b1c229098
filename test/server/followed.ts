// Owns a server for tests that follows its files, and hears what its log says.

import { EventEmitter, once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type RunningServer, startServer, type ServerOptions } from '../../src/server/start.ts';
import type { Log, LogFields } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import {
  createInstallation,
  createWalker,
  type Installation,
  type Walker,
} from '../support/world.ts';
import type { WorldOptions } from '../support/world.ts';

/** A line the log was given. */
export interface Heard {
  readonly level: keyof Log;
  readonly event: string;
  readonly fields: LogFields;
}

/** A log that keeps what it is told. */
export interface Ear {
  readonly log: Log;
  readonly heard: readonly Heard[];
  /** The next line of an event; ask before doing what causes it. */
  next(event: string): Promise<LogFields>;
}

export function createEar(): Ear {
  const lines = new EventEmitter().setMaxListeners(0);
  const heard: Heard[] = [];
  const at =
    (level: keyof Log) =>
    (event: string, fields: LogFields = {}): void => {
      heard.push({ level, event, fields });
      lines.emit(event, fields);
    };
  return {
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
    heard,
    next: async (event) => {
      const [fields] = (await once(lines, event)) as [LogFields];
      return fields;
    },
  };
}

/** An installation whose server follows the files. */
export interface Followed extends Installation, Walker, Ear {
  readonly server: RunningServer;
  /** `http://host:port` of the private listener. */
  readonly admin: string;
  path(name: string): string;
  /** Merges into a file. */
  edit(name: string, changes: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

/** Starts one in this process, with a private listener. */
export async function startFollowed(
  options: WorldOptions = {},
  serverOptions: ServerOptions = {},
): Promise<Followed> {
  const installation = await createInstallation({
    ...options,
    settings: { adminListen: '127.0.0.1:0', ...options.settings },
  });
  const { folder } = installation;
  const ear = createEar();
  const server = await startServer(await loadConfiguration(folder, {}), {
    log: ear.log,
    source: { directory: folder, env: {} },
    ...serverOptions,
  });
  const path = (name: string): string => join(folder, name);
  return {
    ...installation,
    ...createWalker(installation),
    ...ear,
    server,
    admin: `http://127.0.0.1:${server.adminAddress?.port}`,
    path,
    async edit(name, changes) {
      const before: object = parse(await readFile(path(name), 'utf8'));
      await writeFile(path(name), stringify({ ...before, ...changes }));
    },
    async close() {
      await server.close();
      await installation.remove();
    },
  };
}
