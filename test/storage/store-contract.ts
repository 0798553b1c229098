// Owns the suite every store passes: what src/storage/store.ts says, sentence by sentence.

import { after, before, describe } from 'mocha';
import type { Store } from '../../src/storage/store.ts';
import { auditContract } from './contract/audit.ts';
import { budgetsContract } from './contract/budgets.ts';
import { guestAddressesContract } from './contract/guest-addresses.ts';
import { guestsContract } from './contract/guests.ts';
import { journeysContract } from './contract/journeys.ts';
import { keysContract } from './contract/keys.ts';
import { mailContract } from './contract/mail.ts';
import { oidcContract } from './contract/oidc.ts';
import { sessionsContract } from './contract/sessions.ts';
import { signInsContract } from './contract/sign-ins.ts';
import { transactionsContract } from './contract/transactions.ts';

/** Two stores on one database, as two nodes have them, open while the suite runs. */
export interface Nodes {
  readonly store: Store;
  readonly other: Store;
}

/**
 * Declares the suite.
 *
 * @param name of the engine
 * @param open opens a store on one and the same database, empty at first; called twice
 */
export function storeContract(name: string, open: () => Promise<Store>): void {
  describe(`Store on ${name}`, () => {
    let opened: Nodes | undefined;
    const nodes = (): Nodes => {
      if (!opened) throw new TypeError('the stores are open inside tests only');
      return opened;
    };
    before(async () => {
      // Both at once, on an empty database: two nodes of a new installation start like this.
      const [store, other] = await Promise.all([open(), open()]);
      opened = { store, other };
    });
    after(async () => {
      await opened?.store.close();
      await opened?.other.close();
    });
    guestsContract(nodes);
    guestAddressesContract(nodes);
    signInsContract(nodes);
    journeysContract(nodes);
    budgetsContract(nodes);
    mailContract(nodes);
    oidcContract(nodes);
    sessionsContract(nodes);
    keysContract(nodes);
    auditContract(nodes);
    transactionsContract(nodes);
  });
}
