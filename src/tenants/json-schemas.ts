// Owns what an editor knows of the configuration files: JSON Schemas made of the schemas that check.

import { z } from 'zod';
import { settingsSchema } from '../settings/schema.ts';
import { tenantSchema } from './tenant-schema.ts';

/** A JSON Schema of draft 7, the one editors know best. */
export type JsonSchema = z.core.JSONSchema.BaseSchema;

/**
 * Makes the schema files by their name in `config/.schema`.
 *
 * @returns `guestpass.schema.json` and `tenant.schema.json`
 */
export function configurationSchemas(): Readonly<Record<string, JsonSchema>> {
  const options = { io: 'input', target: 'draft-7' } as const;
  return {
    'guestpass.schema.json': z.toJSONSchema(settingsSchema, options),
    'tenant.schema.json': z.toJSONSchema(tenantSchema, options),
  };
}

/** Writes a schema as it stands in its file. */
export function formatSchema(schema: JsonSchema): string {
  return `${JSON.stringify(schema, null, 2)}\n`;
}
