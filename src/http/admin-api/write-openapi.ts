// Owns writing docs/openapi.json: run `node src/http/admin-api/write-openapi.ts` after changing an
// operation.

import { writeFile } from 'node:fs/promises';
import { adminApiDocument } from './openapi.ts';

await writeFile(new URL('../../../docs/openapi.json', import.meta.url), adminApiDocument());
