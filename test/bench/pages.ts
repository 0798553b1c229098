// Owns `npm run bench -- --pages`: what drawing each page costs, and what comes over the wire for it.

import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import Koa from 'koa';
import { BRANDING_PATH, answerBranding } from '../../src/http/branding.ts';
import { createCatalogue, isOfTenant } from '../../src/preview/catalogue.ts';
import { readPreview } from '../../src/preview/reading.ts';

const WARM_UP = 200;
const ROUNDS = 5;
const DRAWN = 200;

/** What one state of a page cost. */
export interface PageCost {
  readonly id: string;
  /** CPU of drawing it once, milliseconds: the least of some rounds. */
  readonly ms: number;
  /** HTML, style sheets and script as they are sent: nothing is compressed, pictures are left out. */
  readonly bytes: number;
}

/** Draws every state of every page of a tenant of `config`, in one language. */
export async function measurePages(tenant: string, locale: string): Promise<readonly PageCost[]> {
  const read = await readPreview({ directory: 'config', tenant, env: process.env });
  if (read.outcome === 'faulty') throw new Error(read.faults.join('\n'));
  const { configured, views, assets } = read;
  const whose = { tenant: configured.tenant, locale };
  const app = new Koa();
  const fetched = new Map<string, number>();
  const costs: PageCost[] = [];
  for (const { id, page } of createCatalogue(configured, locale).pages) {
    const options = isOfTenant(page) ? whose : { locale };
    const draw = async (): Promise<string> => {
      const ctx = contextOf(app, '/');
      await views.render(ctx, page, options);
      return String(ctx.body);
    };
    for (let count = 0; count < WARM_UP; count += 1) await draw();
    const ms: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const before = process.cpuUsage();
      for (let count = 0; count < DRAWN; count += 1) await draw();
      const { user, system } = process.cpuUsage(before);
      ms.push((user + system) / 1000 / DRAWN);
    }
    const html = await draw();
    const linked = [...html.matchAll(/(?:stylesheet" href|<script src)="([^"]+)"/g)];
    const parts = linked.map(([, url = '']) => sizeOf(url));
    const bytes = parts.reduce((sum, size) => sum + size, Buffer.byteLength(html));
    costs.push({ id, ms: Math.min(...ms), bytes });
  }
  return costs;

  function sizeOf(url: string): number {
    const known = fetched.get(url);
    if (known !== undefined) return known;
    const ctx = contextOf(app, url);
    const base = `/${configured.tenant.id}`;
    const [, file] = BRANDING_PATH.exec(ctx.path.slice(base.length)) ?? [];
    if (file === undefined) assets(ctx, ctx.path.split('/').at(-1) ?? '');
    else answerBranding(ctx, configured.tenant, base, file);
    const size = Buffer.byteLength(ctx.body as string | Buffer);
    fetched.set(url, size);
    return size;
  }
}

/** Writes a report for people. */
export function formatPages(costs: readonly PageCost[]): string {
  const mean = costs.reduce((sum, { ms }) => sum + ms, 0) / costs.length;
  const slow = costs.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
  const large = costs.toSorted((a, b) => b.bytes - a.bytes).slice(0, 3);
  return [
    `${costs.length} states of pages; CPU of drawing one, the least of ${ROUNDS} rounds of ${DRAWN}`,
    `  mean ${mean.toFixed(3)} ms; the slowest:`,
    ...slow.map(({ id, ms }) => `    ${id}  ${ms.toFixed(3)} ms`),
    '  the largest, with style sheets and script:',
    ...large.map(({ id, bytes }) => `    ${id}  ${(bytes / 1000).toFixed(1)} kB`),
  ].join('\n');
}

function contextOf(app: Koa, url: string): Koa.Context {
  const request = new IncomingMessage(new Socket());
  request.method = 'GET';
  request.url = url;
  return app.createContext(request, new ServerResponse(request));
}
