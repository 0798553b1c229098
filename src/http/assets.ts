// Owns the files pages refer to: read once, served from memory.

import { readdirSync, readFileSync } from 'node:fs';
import type { Context } from 'koa';
import { GuestError } from '../domain/errors.ts';

const TYPES: Readonly<Record<string, string>> = {
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};
// The pages name each file with a hash of its content, so a copy is good for as long as anybody keeps it.
const CACHE = 'public, max-age=31536000, immutable';

/**
 * Serves `views/assets` by file name.
 *
 * @returns a function that answers with the named file, or throws {@link GuestError} `not_found`
 */
export function createAssets(
  directory: URL = new URL('../../views/assets/', import.meta.url),
): (ctx: Context, name: string) => void {
  const files = new Map(
    readdirSync(directory).map((name) => [name, readFileSync(new URL(name, directory))]),
  );
  return (ctx, name) => {
    const file = files.get(name);
    if (!file || (ctx.method !== 'GET' && ctx.method !== 'HEAD')) throw new GuestError('not_found');
    ctx.set('Cache-Control', CACHE);
    ctx.type = TYPES[name.split('.').at(-1) ?? ''] ?? 'application/octet-stream';
    ctx.body = file;
  };
}
