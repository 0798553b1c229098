import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { readKey, readListQuery } from '../../src/http/admin-api/list.ts';
import { isProblem } from '../../src/http/admin-api/problem.ts';
import { assertQuick, examples, runs } from '../support/fuzz.ts';

interface Asked {
  readonly mail: string;
  readonly other: string;
  readonly state: string;
}
const STATES = ['Accepted', 'PendingAcceptance'];
const clauses = {
  mail: (value: string) => {
    const key = readKey(value);
    return typeof key === 'string' ? { mail: key } : key;
  },
  'otherMails/any': (value: string) => ({ other: value }),
  state: (value: string) => (STATES.includes(value) ? { state: value } : undefined),
};
const read = ($filter: string) => readListQuery<Asked>({ $filter }, clauses, 'mail, state');

const piece = fc.oneof(
  fc.constantFrom('mail', 'state', 'otherMails/any', '__proto__', 'toString', 'm', '(', ')', ':'),
  fc.constantFrom(' eq ', ' and ', ' or ', ' not ', ' ', '\t', "'", "''", '%', '--', ';', '\u0000'),
  fc.constantFrom("mail eq 'a@x.example'", "state eq 'Accepted'", "otherMails/any(m:m eq 'x')"),
  fc.string({ unit: 'binary', maxLength: 4 }),
);
/** A filter of so many characters. */
const filterOf = (length: number) => `otherMails/any(o:o eq '${'x'.repeat(length - 25)}')`;
const filter = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
const KEPT = examples('filters');

describe('readListQuery, for whatever is asked', () => {
  it('S15 asks the store for what is documented, or is a problem with status 400', () => {
    fc.assert(
      fc.property(filter, (text) => {
        const asked = read(text);
        if (isProblem(asked)) {
          assert.equal(asked.problem, 400);
          return;
        }
        const { limit, ...rest } = asked;
        assert.equal(limit, 100);
        assert.ok(Object.keys(rest).every((name) => ['mail', 'other', 'state'].includes(name)));
        if (rest.mail !== undefined) assert.equal(readKey(rest.mail), rest.mail);
        if (rest.state !== undefined) assert.ok(STATES.includes(rest.state));
      }),
      { ...runs(4000), examples: KEPT },
    );
  });

  it('reads a quoted value as it was before quoting', () => {
    const value = fc
      .string({ unit: 'binary', minLength: 1, maxLength: 12 })
      // A clause ends at " and ", also within quotes: refused, never read as something else.
      .filter((text) => !/\sand\s/.test(text));
    fc.assert(
      fc.property(value, (text) => {
        const asked = read(`otherMails/any(o:o eq '${text.replaceAll("'", "''")}')`);
        assert.ok(!isProblem(asked));
        assert.equal(asked.other, text);
      }),
      runs(1000),
    );
  });

  it('refuses a filter of more than 2000 characters', () => {
    assert.equal(filterOf(2000).length, 2000);
    assert.ok(!isProblem(read(filterOf(2000))));
    assert.ok(isProblem(read(filterOf(2001))));
  });

  it('takes no longer than its length allows', () => {
    const repeated = fc.tuple(filter, piece, fc.integer({ min: 1, max: 8000 }), filter);
    fc.assert(
      fc.property(repeated, ([before, one, times, after]) => {
        const text = (before + one.repeat(times) + after).slice(0, 16_384);
        assertQuick(() => read(text));
      }),
      { ...runs(400), examples: KEPT.map(([text]) => [['', text, 1, '']]) },
    );
  });
});
