// Owns what every SessionStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { GuestSession, Store } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, unique } from './support.ts';

const sessionOf = (changes: Partial<GuestSession> = {}): GuestSession => ({
  tenant: unique('t'),
  uid: unique('Uid'),
  guest: unique('guest'),
  browser: { browser: 'Chrome', system: 'Windows' },
  byMail: true,
  signedInAt: NOW,
  expiresAt: NOW + 86_400,
  ...changes,
});

const payloadOf = ({ uid, guest }: GuestSession) => ({
  uid,
  accountId: guest,
  authorizations: { docs: { sid: 's', grantId: 'g' } },
});

/** Saves the engine's record of a session under an id, as each use of it does. */
async function save(store: Store, session: GuestSession, id = unique('id')): Promise<string> {
  await store.oidc.upsert({
    tenant: session.tenant,
    model: 'Session',
    id,
    payload: payloadOf(session),
    grantId: null,
    uid: session.uid,
    userCode: null,
    expiresAt: session.expiresAt,
  });
  return id;
}

export function sessionsContract(nodes: () => Nodes): void {
  describe('sessions', () => {
    it('lists a session with the record the engine has of it, whatever its id is by now', async () => {
      const { store, other } = nodes();
      const session = sessionOf({
        browser: { browser: 'Brøwser 🦊', system: null },
        byMail: false,
      });
      const { tenant, guest } = session;
      const first = await save(store, session);
      await store.sessions.note(session);
      const live = [{ ...session, payload: payloadOf(session) }];
      assert.deepEqual(await other.sessions.list(tenant, guest, NOW, 9), live);
      await save(store, session);
      await store.oidc.destroy(tenant, 'Session', first);
      assert.deepEqual(await other.sessions.list(tenant, guest, NOW, 9), live);
    });

    it('lists the newest first, and no more than were asked for', async () => {
      const { store } = nodes();
      const { tenant, guest } = sessionOf();
      for (const later of [5, 1, 9]) {
        const session = sessionOf({ tenant, guest, signedInAt: NOW + later });
        await save(store, session);
        await store.sessions.note(session);
      }
      const listed = await store.sessions.list(tenant, guest, NOW, 2);
      assert.deepEqual(
        listed.map(({ signedInAt }) => signedInAt - NOW),
        [9, 5],
      );
    });

    it('S33 lists no session of another guest or tenant', async () => {
      const { store } = nodes();
      const session = sessionOf();
      await save(store, session);
      await store.sessions.note(session);
      assert.deepEqual(await store.sessions.list(session.tenant, 'else', NOW, 9), []);
      assert.deepEqual(await store.sessions.list(unique('t'), session.guest, NOW, 9), []);
    });

    it('lists nothing the engine has no record of, and nothing that is over', async () => {
      const { store } = nodes();
      const session = sessionOf();
      const { tenant, guest, expiresAt } = session;
      await store.sessions.note(session);
      assert.deepEqual(await store.sessions.list(tenant, guest, NOW, 9), []);
      const id = await save(store, session);
      assert.equal((await store.sessions.list(tenant, guest, expiresAt - 1, 9)).length, 1);
      assert.deepEqual(await store.sessions.list(tenant, guest, expiresAt, 9), []);
      await store.oidc.destroy(tenant, 'Session', id);
      assert.deepEqual(await store.sessions.list(tenant, guest, NOW, 9), []);
    });

    it('lets a second sign-in take the place of the first', async () => {
      const { store } = nodes();
      const session = sessionOf();
      const { tenant, guest } = session;
      await save(store, session);
      await store.sessions.note(session);
      const again = { ...session, browser: null, byMail: false, signedInAt: NOW + 60 };
      await store.sessions.note(again);
      const listed = await store.sessions.list(tenant, guest, NOW, 9);
      assert.deepEqual(listed, [{ ...again, payload: payloadOf(session) }]);
    });

    it('S33 ends a session of its guest alone, once, and it stays ended', async () => {
      const { store, other } = nodes();
      const session = sessionOf();
      const { tenant, guest, uid } = session;
      await save(store, session);
      await store.sessions.note(session);
      assert.equal(await store.sessions.end(tenant, 'else', uid, NOW), false);
      assert.equal(await store.sessions.end(unique('t'), guest, uid, NOW), false);
      assert.equal(await store.sessions.isEnded(tenant, uid), false);
      assert.equal(await store.sessions.end(tenant, guest, uid, NOW), true);
      assert.equal(await other.sessions.end(tenant, guest, uid, NOW), false);
      assert.equal(await other.sessions.isEnded(tenant, uid), true);
      assert.equal(await other.sessions.isEnded(unique('t'), uid), false);
      // Saved by a request that was under way, and noted by one that was late.
      await save(store, session);
      await store.sessions.note(session);
      assert.deepEqual(await store.sessions.list(tenant, guest, NOW, 9), []);
      assert.equal(await store.sessions.isEnded(tenant, uid), true);
    });

    it('S65 purges what is over', async () => {
      const { store } = nodes();
      // Long past, so that the purge of other tests finds nothing more.
      const session = sessionOf({ signedInAt: 1000, expiresAt: 2000 });
      await store.sessions.note(session);
      await store.sessions.end(session.tenant, session.guest, session.uid, 1500);
      await store.purge(2000, 100);
      assert.equal(await store.sessions.isEnded(session.tenant, session.uid), true);
      await store.purge(2001, 100);
      assert.equal(await store.sessions.isEnded(session.tenant, session.uid), false);
    });
  });
}
