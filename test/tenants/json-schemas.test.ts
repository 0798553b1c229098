import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { configurationSchemas, formatSchema } from '../../src/tenants/json-schemas.ts';

describe('configurationSchemas', () => {
  const folder = new URL('../../config/.schema/', import.meta.url);

  it('equals the files in config/.schema (else: node src/tenants/write-schemas.ts)', async () => {
    const schemas = configurationSchemas();
    assert.deepEqual((await readdir(folder)).toSorted(), Object.keys(schemas).toSorted());
    for (const [name, schema] of Object.entries(schemas)) {
      assert.equal(await readFile(new URL(name, folder), 'utf8'), formatSchema(schema));
    }
  });
});
