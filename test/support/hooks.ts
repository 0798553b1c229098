// Owns what is shared by the whole run and must end with it.

import type { Context } from 'mocha';
import { stopMariadb } from './mariadb.ts';
import { returnToPresent } from './time.ts';

// Mocha hands a rejection that nobody handles to whoever listens, and passes when nobody does; a
// server would end by it.
process.on('unhandledRejection', (reason) => {
  throw reason;
});

export const mochaHooks = {
  // A test that fails in the future must not take the next one along.
  afterEach: returnToPresent,
  async afterAll(this: Context) {
    // It has had hundreds of databases by then, and writes them down before it goes.
    this.timeout(120_000);
    await stopMariadb();
  },
};
