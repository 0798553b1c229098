// Owns holding real answers of the admin API to docs/openapi.json, as it is committed.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { z } from 'zod';

interface Reference {
  readonly $ref: string;
}

interface Response {
  readonly content?: { readonly 'application/json': { readonly schema: Reference } };
}

/** What is read of the document. */
export interface AdminDocument {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, DescribedOperation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, z.core.JSONSchema.BaseSchema>>;
    readonly responses: Readonly<Record<string, Response>>;
  };
}

/** One operation as it is described. */
export interface DescribedOperation {
  readonly operationId: string;
  readonly parameters: readonly { readonly name: string; readonly in: string }[];
  readonly security: readonly { readonly application: readonly string[] }[];
  readonly responses: Readonly<Record<string, Response | Reference>>;
}

/** The text of the file. */
export const documentText = readFileSync(
  new URL('../../docs/openapi.json', import.meta.url),
  'utf8',
);
export const document = JSON.parse(documentText) as AdminDocument;

/** Fails when an answer is none that the document describes; a path that is not there has none. */
export function assertDescribed(
  method: string,
  path: string,
  { status, body }: { readonly status: number; readonly body: unknown },
): void {
  const found = Object.entries(document.paths).find(([pattern]) =>
    new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path.split('?', 1)[0] ?? ''),
  );
  const operation = found?.[1][method.toLowerCase()];
  if (!operation) {
    assert.ok([401, 404, 405].includes(status), `${method} ${path} ${status}`);
    schemaOf('error').parse(body);
    return;
  }
  const said = operation.responses[status];
  // Bodies that cannot be read are answered before any operation is asked.
  if (!said) assert.ok([413, 415].includes(status), `${operation.operationId} ${status}`);
  const response = !said
    ? document.components.responses['problem']
    : '$ref' in said
      ? document.components.responses[nameIn(said)]
      : said;
  const schema = response?.content?.['application/json'].schema;
  if (schema) schemaOf(nameIn(schema)).parse(body);
  else assert.equal(body, undefined);
}

function schemaOf(name: string): z.ZodType {
  const schema = document.components.schemas[name];
  assert.ok(schema, name);
  return z.fromJSONSchema(schema);
}

function nameIn({ $ref }: Reference): string {
  return $ref.split('/').at(-1) ?? '';
}
