import assert from 'node:assert/strict';
import { countSignIn } from '../bench/counted-sign-in.ts';
import { formatStatements, totalOf } from '../bench/statements.ts';
import { type StoreKind, stores } from '../support/world.ts';

/** Raised only by whoever has decided that what they add is worth it to every sign-in there is. */
const MOST: Readonly<Record<StoreKind, { readonly statements: number; readonly commits: number }>> =
  {
    sqlite: { statements: 46, commits: 9 },
    mariadb: { statements: 46, commits: 9 },
  };

for (const store of stores) {
  describe(`a sign-in by passcode on ${store}`, () => {
    it('asks no more of the database than it did, and keeps things no more often', async () => {
      const steps = await countSignIn(store);
      const { reads, writes, commits } = totalOf(steps);
      const statements = reads.length + writes.length;
      const table = `\n${formatStatements(store, steps)}`;
      assert.equal(steps.length, 11, `ten requests and what is behind them:${table}`);
      assert.ok(statements <= MOST[store].statements, `${statements} statements:${table}`);
      assert.ok(commits <= MOST[store].commits, `${commits} commits:${table}`);
    });
  });
}
