import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'mocha';
import { openStore } from '../../src/storage/open-store.ts';
import { storeContract } from './store-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'guestpass-sqlite-'));
after(() => rmSync(folder, { recursive: true, force: true }));

storeContract('SQLite', () =>
  openStore({ kind: 'sqlite', file: join(folder, 'data', 'guest.db') }),
);
