import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { limitTable } from '../src/domain/limits.ts';
import { configurationSchemas, type JsonSchema } from '../src/tenants/json-schemas.ts';

interface Option {
  readonly required: boolean;
  readonly fallback: string;
  readonly description: string;
}

/** Every key a file may hold, by its path; the forms of a secret are told of once, in prose. */
function optionsOf(schema: JsonSchema, path = ''): ReadonlyMap<string, Option> {
  const options = new Map<string, Option>();
  for (const place of [schema, ...(schema.anyOf ?? [])] as JsonSchema[]) {
    for (const [key, child] of Object.entries(place.properties ?? {})) {
      if (typeof child === 'boolean') continue;
      const here = path === '' ? key : `${path}.${key}`;
      const { description = '', default: fallback } = child;
      options.set(here, {
        required: place.required?.includes(key) ?? false,
        fallback: fallback === undefined ? '' : show(fallback),
        description,
      });
      const { items } = child;
      const isList = typeof items === 'object' && !Array.isArray(items);
      const inside = isList ? optionsOf(items, `${here}[]`) : optionsOf(child, here);
      for (const [name, option] of inside) options.set(name, option);
    }
  }
  return options;
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}

describe('docs/configuration.md', () => {
  const schemas = configurationSchemas();
  let sections: readonly string[];

  before(async () => {
    const docs = await readFile(new URL('../docs/configuration.md', import.meta.url), 'utf8');
    sections = docs.split(/^## /m);
  });

  for (const [title, name] of [
    ['guestpass.yaml', 'guestpass.schema.json'],
    ['tenants/*.yaml', 'tenant.schema.json'],
  ] as const) {
    it(`lists every key of ${title} and no other, with its default and words`, () => {
      const section = sections.find((text) => text.startsWith(`${title}\n`));
      assert(section, `no section "## ${title}"`);
      const rows = [...section.matchAll(/^\| `([^`]+)` \| (.*?) \| (.*) \|$/gm)]
        .filter(([, path]) => !path!.startsWith('limits.'))
        .map(([, path, fallback, words]) => [path, fallback, words]);
      const wanted = [...optionsOf(schemas[name]!)]
        .filter(([path]) => !path.startsWith('limits.'))
        .map(([path, { required, fallback, description }]) => [
          path,
          required ? 'required' : fallback === '' ? '' : `\`${fallback}\``,
          description,
        ]);
      assert.deepEqual(rows, wanted);
    });
  }

  it('lists every limit with its default and bounds', () => {
    const rows = sections
      .flatMap((text) => [...text.matchAll(/^\| `limits\.(\w+)` \| (\d+) \| (\d+) \| (\d+) \|/gm)])
      .map(([, name, shipped, min, max]) => [name, Number(shipped), Number(min), Number(max)]);
    const wanted = Object.entries(limitTable).map(([name, { default: shipped, min, max }]) => [
      name,
      shipped,
      min,
      max,
    ]);
    assert.deepEqual(rows, wanted);
  });
});
