import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createTenantIndex, RESERVED_TENANT_IDS, resolveTenant } from '../../src/domain/tenant.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import { examples, runs } from '../support/fuzz.ts';

const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  a: ['a.example', 'file.example'],
  b: ['b.example', 'xn--strae-oqa.example'],
  kelvin: ['strasse.example'],
  'e3f1a9d0-0000-4000-8000-000000000001': [],
};
const tenants = Object.entries(DOMAINS).map(([id, verifiedDomains]): Tenant => ({
  id,
  displayName: id,
  verifiedDomains,
  emailOneTimePasscode: 'default',
  clients: [],
}));
const index = createTenantIndex(tenants);
const names = tenants.flatMap(({ id, verifiedDomains }) => [id, ...verifiedDomains]);

const name = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  // A known name with something put in, taken out or written otherwise.
  fc
    .tuple(
      fc.constantFrom(...names),
      fc.nat(40),
      fc.nat(2),
      fc.constantFrom(
        '',
        '.',
        '..',
        '/',
        '\\',
        '%2e',
        '%2f',
        '%00',
        '\u0000',
        '\n',
        ' ',
        'a',
        'A',
        '-',
      ),
    )
    .map(([known, at, out, put]) => known.slice(0, at) + put + known.slice(at + out)),
  fc.constantFrom(...names).map((known) => known.toUpperCase()),
  fc
    .tuple(
      fc.constantFrom(...names),
      fc.constantFrom(['a', 'а'], ['a', 'ａ'], ['k', 'K'], ['s', 'ſ'], ['i', 'ı'], ['.', '。']),
    )
    .map(([known, [from = '', to = '']]) => known.replace(from, to)),
  fc.constantFrom(...RESERVED_TENANT_IDS, ...Object.getOwnPropertyNames(Object.prototype)),
);

describe('resolveTenant, for whatever stands in the place of a tenant', () => {
  it('R14 S35 finds a tenant by its very id or a verified domain of it, and by nothing else', () => {
    fc.assert(
      fc.property(name, (asked) => {
        const found = resolveTenant(index, asked);
        const ascii = asked.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
        const expected = tenants.find(
          ({ id, verifiedDomains }) => id === asked || verifiedDomains.includes(ascii),
        );
        assert.equal(found.outcome === 'tenant' ? found.tenant : undefined, expected);
        if (found.outcome === 'tenant') assert.equal(found.alias, found.tenant.id !== asked);
      }),
      { ...runs(5000), examples: examples('tenant-names') },
    );
  });

  it('R15 says missing of nothing and of the reserved names, in whatever case', () => {
    const cased = fc
      .tuple(fc.constantFrom('', ...RESERVED_TENANT_IDS), fc.infiniteStream(fc.boolean()))
      .map(([text, upper]) =>
        text
          .split('')
          .map((letter) => (upper.next().value ? letter.toUpperCase() : letter))
          .join(''),
      );
    fc.assert(
      fc.property(cased, (asked) => {
        assert.deepEqual(resolveTenant(index, asked), { outcome: 'missing' });
      }),
      runs(300),
    );
  });
});
