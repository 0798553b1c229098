import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import { startMariadb } from '../support/mariadb.ts';
import { failureContract } from './failure-contract.ts';
import { issueContract } from './issue-contract.ts';
import { knownBrowserContract } from './known-browser-contract.ts';
import { verifyContract } from './verify-contract.ts';

describe('Passcodes on MariaDB', () => {
  let nodes: { readonly store: Store; readonly other: Store };

  before(async () => {
    const url = await (await startMariadb()).createDatabase();
    const open = () => openStore({ kind: 'mysql', url });
    nodes = { store: await open(), other: await open() };
  });
  after(async () => {
    await nodes.store.close();
    await nodes.other.close();
  });

  issueContract(() => nodes);
  verifyContract(() => nodes);
  failureContract(() => nodes);
  knownBrowserContract(() => nodes);
});
