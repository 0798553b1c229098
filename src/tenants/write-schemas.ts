// Owns writing config/.schema: run `node src/tenants/write-schemas.ts` after changing a schema.

import { mkdir, writeFile } from 'node:fs/promises';
import { configurationSchemas, formatSchema } from './json-schemas.ts';

const folder = new URL('../../config/.schema/', import.meta.url);
await mkdir(folder, { recursive: true });
for (const [name, schema] of Object.entries(configurationSchemas())) {
  await writeFile(new URL(name, folder), formatSchema(schema));
}
