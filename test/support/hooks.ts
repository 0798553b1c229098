// Owns what is shared by the whole run and must end with it.

import { stopMariadb } from './mariadb.ts';
import { returnToPresent } from './time.ts';

export const mochaHooks = {
  // A test that fails in the future must not take the next one along.
  afterEach: returnToPresent,
  afterAll: stopMariadb,
};
