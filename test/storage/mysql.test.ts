import { openStore } from '../../src/storage/open-store.ts';
import { startMariadb } from '../support/mariadb.ts';
import { storeContract } from './store-contract.ts';

let url: Promise<string> | undefined;

// The server's collation is utf8mb4_general_ci, under which mıke@ is mike@ and case is nothing.
storeContract('MariaDB', async () => {
  url ??= startMariadb().then((server) => server.createDatabase());
  return openStore({ kind: 'mysql', url: await url });
});
