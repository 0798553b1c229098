// Owns reading a CPU profile: which part of the server the time goes to, and which functions.
//
//   node test/bench/run.ts --profile /tmp/profile && node test/bench/profile.ts /tmp/profile/*
//
// A profile is of wall time on the main thread: waiting for SQLite's disk counts, threads do not.

import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';

/** The part of a `.cpuprofile` this reads. */
interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly hitCount?: number;
    readonly children?: readonly number[];
    readonly callFrame: {
      readonly functionName: string;
      readonly url: string;
      readonly lineNumber: number;
    };
  }[];
}

const MOST_FUNCTIONS = 25;

/** First match wins; what has no part, such as sockets, counts for the nearest caller that has one. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^\((?:idle|program|root)\)/, 'idle'],
  [/^\(garbage collector\)/, 'garbage collector'],
  [/node_modules\/(?:oidc-provider|jose|@panva|quick-lru|nanoid)/, 'engine'],
  [/node_modules\/(?:keygrip|cookies|tsscmp)/, 'cookies'],
  [/node_modules\/(?:ejs|koa-views|@ladjs|i18next)|src\/(?:i18n|http\/views)|<template>/, 'views'],
  [/node_modules\/(?:nodemailer)|src\/mail/, 'mail'],
  [/src\/storage\/(?:sqlite|sql)\.ts|node:sqlite/, 'sqlite'],
  [/node_modules\/(?:mysql2|sqlstring|denque|lru\.min|named-placeholders|aws-ssl)/, 'mysql2'],
  [/src\/storage/, 'storage'],
  [/node_modules\/pino|node_modules\/(?:sonic-boom|thread-stream)|src\/telemetry/, 'log'],
  [/node:internal\/crypto|node:crypto/, 'crypto'],
  [/node_modules\/(?:koa|@koa|co-body|raw-body|accepts|negotiator)/, 'koa'],
  [/src\//, 'guestpass'],
  [/node:(?:_http|internal\/http|http)|node:internal\/(?:url|querystring)/, 'http'],
];

for (const file of process.argv.slice(2)) {
  const profile: CpuProfile = JSON.parse(await readFile(file, 'utf8'));
  process.stdout.write(`${basename(file)}\n${describeProfile(profile).join('\n')}\n\n`);
}

/** Self time by part, then by function, in percent of the time not idle. Pure. */
function describeProfile({ nodes }: CpuProfile): readonly string[] {
  const byPart = new Map<string, number>();
  const byFunction = new Map<string, number>();
  const parentOf = new Map(nodes.flatMap(({ id, children = [] }) => children.map((c) => [c, id])));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) {
    const { hitCount = 0 } = node;
    let at: typeof node | undefined = node;
    let part = partOf(node.callFrame);
    while (at && part === undefined) {
      at = byId.get(parentOf.get(at.id) ?? -1);
      part = at && partOf(at.callFrame);
    }
    const name = part ?? 'node';
    if (name === 'idle') continue;
    add(byPart, name, hitCount);
    const { functionName, url, lineNumber } = node.callFrame;
    const place =
      url === '' ? 'native' : `${url.replace(/^.*\/work\/main\//, '')}:${lineNumber + 1}`;
    add(byFunction, `${name.padEnd(18)} ${functionName || '(anonymous)'}  ${place}`, hitCount);
  }
  const total = [...byPart.values()].reduce((sum, hits) => sum + hits, 0);
  const lines = (of: ReadonlyMap<string, number>, most: number): readonly string[] =>
    [...of]
      .toSorted(([, a], [, b]) => b - a)
      .slice(0, most)
      .map(([name, hits]) => `${((100 * hits) / total).toFixed(1).padStart(6)} %  ${name}`);
  return [...lines(byPart, byPart.size), '', ...lines(byFunction, MOST_FUNCTIONS)];
}

function partOf({ functionName, url }: { functionName: string; url: string }): string | undefined {
  const place = url === '' ? functionName : url;
  return PARTS.find(([pattern]) => pattern.test(place))?.[1];
}

function add(to: Map<string, number>, name: string, hits: number): void {
  to.set(name, (to.get(name) ?? 0) + hits);
}
