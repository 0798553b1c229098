// Owns `guestpass schema`: what an editor needs to complete the configuration files.

import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { schemaFiles } from './init.ts';
import { answer, type Output, terminal } from './output.ts';

export interface SchemaOptions {
  readonly config: string;
  /** Default `.schema` in the configuration folder, where the first line of each file looks. */
  readonly out?: string;
}

/** Writes the JSON Schemas of this version over those of another. @returns the exit code */
export async function writeSchemas(
  { config, out = join(config, '.schema') }: SchemaOptions,
  output: Output = terminal,
): Promise<number> {
  await mkdir(out, { recursive: true });
  const written: string[] = [];
  for (const [name, text] of Object.entries(schemaFiles())) {
    const path = join(out, basename(name));
    await writeFile(path, text);
    written.push(path);
  }
  return answer(output, written, ...written);
}
