// Owns what every SignInStore and PasscodeStore must do.

import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { PasscodeRecord, Store } from '../../../src/storage/store.ts';
import type { Nodes } from '../store-contract.ts';
import { NOW, parallel, successes, unique } from './support.ts';

const BROWSER = 'browser-A';
const MAX_ATTEMPTS = 5;

function sendOf(key: Key, now: number, changes: object = {}) {
  return {
    ...key,
    browser: BROWSER,
    label: 'K7',
    messageId: 'mail',
    now,
    maxSends: 4,
    maxAttempts: MAX_ATTEMPTS,
    cooldownSeconds: 30,
    liveUntil: now + 1800,
    strong: false,
    ...changes,
  };
}

interface Key {
  readonly tenant: string;
  readonly uid: string;
}

async function begin(store: Store, changes: object = {}): Promise<Key> {
  const key = { tenant: unique('t'), uid: unique('uid') };
  assert.equal(await store.signIns.chooseAddress(addressOf(key, changes)), true);
  return key;
}

function addressOf(key: Key, changes: object = {}) {
  return {
    ...key,
    browser: BROWSER,
    address: 'Teri@partner.example',
    addressKey: 'teri@partner.example',
    decision: null,
    expiresAt: NOW + 3600,
    ...changes,
  };
}

const provenOf = (key: Key) => ({
  ...key,
  browser: BROWSER,
  addressKey: 'teri@partner.example',
});

const attemptOf = (key: Key, browser = BROWSER) => ({
  ...key,
  browser,
  maxAttempts: MAX_ATTEMPTS,
});

export function signInsContract(nodes: () => Nodes): void {
  describe('signIns', () => {
    it('remembers the address the guest gave', async () => {
      const { store, other } = nodes();
      const key = await begin(store);
      assert.deepEqual(await other.signIns.find(key.tenant, key.uid), {
        ...addressOf(key),
        label: null,
        messageId: null,
        sends: 0,
        lastSentAt: null,
        attempts: 0,
        liveFrom: 1,
        liveUntil: null,
        strong: false,
        verifiedAt: null,
        proof: null,
        accepted: 0,
        notice: null,
      });
    });

    it('S24 refuses another browser at every step', async () => {
      const { store } = nodes();
      const key = await begin(store);
      const stranger = 'browser-B';
      const sent = await store.signIns.takeSend(sendOf(key, NOW));
      assert.ok(sent);
      assert.equal(await store.signIns.chooseAddress(addressOf(key, { browser: stranger })), false);
      assert.equal(
        await store.signIns.takeSend(sendOf(key, NOW + 60, { browser: stranger })),
        undefined,
      );
      assert.equal(await store.signIns.takeAttempt(attemptOf(key, stranger)), undefined);
      assert.equal(await store.signIns.markVerified(key.tenant, key.uid, stranger, NOW), false);
      assert.deepEqual(await store.signIns.find(key.tenant, key.uid), sent);
    });

    it('S33 refuses the uid at another tenant', async () => {
      const { store } = nodes();
      const { uid, tenant } = await begin(store);
      const elsewhere = { tenant: unique('t'), uid };
      assert.equal(await store.signIns.find(elsewhere.tenant, uid), undefined);
      assert.equal(await store.signIns.takeSend(sendOf(elsewhere, NOW)), undefined);
      assert.ok(await store.signIns.takeSend(sendOf({ tenant, uid }, NOW)));
      assert.equal(await store.signIns.takeAttempt(attemptOf(elsewhere)), undefined);
      assert.equal(await store.signIns.markVerified(elsewhere.tenant, uid, BROWSER, NOW), false);
    });

    it('counts a send and says what is live', async () => {
      const { store } = nodes();
      const key = await begin(store);
      const sent = await store.signIns.takeSend(sendOf(key, NOW, { strong: true }));
      assert.ok(sent);
      assert.equal(sent.sends, 1);
      assert.equal(sent.liveFrom, 1);
      assert.equal(sent.lastSentAt, NOW);
      assert.equal(sent.liveUntil, NOW + 1800);
      assert.equal(sent.strong, true);
      assert.equal(sent.label, 'K7');
      assert.deepEqual(await store.signIns.find(key.tenant, key.uid), sent);
    });

    it('S7 gives one of 50 parallel sends the right to send', async () => {
      const { store, other } = nodes();
      const key = await begin(store);
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).signIns.takeSend(sendOf(key, NOW)),
      );
      assert.equal(successes(results), 1);
    });

    it('S7 refuses a send within the cooldown, and past the last one', async () => {
      const { store } = nodes();
      const key = await begin(store);
      const at = (now: number) => store.signIns.takeSend(sendOf(key, now));
      assert.ok(await at(NOW));
      assert.equal(await at(NOW + 29), undefined);
      for (const sends of [2, 3, 4]) assert.equal((await at(NOW + 30 * sends))?.sends, sends);
      assert.equal(await at(NOW + 3000), undefined);
    });

    it('S7 keeps the attempts when a resend follows while a code is live', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      for (let attempt = 0; attempt < 4; attempt += 1) {
        await store.signIns.takeAttempt(attemptOf(key));
      }
      const resent = await store.signIns.takeSend(sendOf(key, NOW + 1799));
      assert.equal(resent?.attempts, 4);
      assert.equal(resent.liveFrom, 1);
    });

    it('S7 starts the attempts anew once all codes have expired, and leaves those dead', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      await store.signIns.takeAttempt(attemptOf(key));
      const resent = await store.signIns.takeSend(sendOf(key, NOW + 1800));
      assert.equal(resent?.attempts, 0);
      assert.equal(resent.liveFrom, 2);
      assert.equal(resent.sends, 2);
    });

    it('S7 starts the attempts anew once they are used up, and leaves those codes dead', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      await parallel(9, () => store.signIns.takeAttempt(attemptOf(key)));
      const resent = await store.signIns.takeSend(sendOf(key, NOW + 30));
      assert.equal(resent?.attempts, 0);
      assert.equal(resent.liveFrom, 2);
    });

    it('S5 gives exactly 5 of 1000 parallel guesses an attempt', async () => {
      const { store, other } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      const results = await parallel(1000, (index) =>
        (index % 2 ? store : other).signIns.takeAttempt(attemptOf(key)),
      );
      assert.equal(successes(results), 5);
      assert.equal((await store.signIns.find(key.tenant, key.uid))?.attempts, 5);
    });

    it('S5 gives no attempt before something was sent', async () => {
      const { store } = nodes();
      const key = await begin(store);
      assert.equal(await store.signIns.takeAttempt(attemptOf(key)), undefined);
    });

    it('S6 marks a sign-in verified once', async () => {
      const { store, other } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      const results = await parallel(50, (index) =>
        (index % 2 ? store : other).signIns.markVerified(key.tenant, key.uid, BROWSER, NOW + index),
      );
      assert.equal(successes(results), 1);
      const verified = await store.signIns.find(key.tenant, key.uid);
      assert.equal(verified?.verifiedAt, NOW + results.indexOf(true));
    });

    it('S6 gives neither send, attempt nor other address once verified', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      await store.signIns.markVerified(key.tenant, key.uid, BROWSER, NOW);
      assert.equal(await store.signIns.takeSend(sendOf(key, NOW + 60)), undefined);
      assert.equal(await store.signIns.takeAttempt(attemptOf(key)), undefined);
      assert.equal(await store.signIns.chooseAddress(addressOf(key)), false);
    });

    it('S4 lets the codes of one address die when another is chosen', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      const chosen = addressOf(key, {
        address: 'Mike@b.example',
        addressKey: 'mike@b.example',
        expiresAt: NOW + 9999,
      });
      assert.equal(await store.signIns.chooseAddress(chosen), true);
      const changed = await store.signIns.find(key.tenant, key.uid);
      assert.equal(changed?.address, 'Mike@b.example');
      assert.equal(changed.addressKey, 'mike@b.example');
      assert.equal(changed.liveFrom, 2);
      assert.equal(changed.sends, 1);
      assert.equal(changed.expiresAt, NOW + 3600);
      assert.equal(await store.signIns.takeAttempt(attemptOf(key)), undefined);
      assert.equal((await store.signIns.takeSend(sendOf(key, NOW + 30)))?.liveFrom, 2);
    });

    it('S7 keeps codes and attempts when the same address is given again', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.takeSend(sendOf(key, NOW));
      const tried = await store.signIns.takeAttempt(attemptOf(key));
      const again = addressOf(key, { address: 'TERI@partner.example' });
      assert.equal(await store.signIns.chooseAddress(again), true);
      assert.deepEqual(await store.signIns.find(key.tenant, key.uid), {
        ...tried,
        address: 'TERI@partner.example',
      });
    });

    it('lets one of two browsers that race own the sign-in', async () => {
      const { store, other } = nodes();
      const key = { tenant: unique('t'), uid: unique('uid') };
      const results = await Promise.all([
        store.signIns.chooseAddress(addressOf(key)),
        other.signIns.chooseAddress(addressOf(key, { browser: 'browser-B' })),
      ]);
      assert.equal(successes(results), 1);
    });

    it('keeps the decision about the address chosen last', async () => {
      const { store } = nodes();
      const key = await begin(store, { decision: '{"row":"5","é":1}' });
      const { tenant, uid } = key;
      const decisionOf = async () => (await store.signIns.find(tenant, uid))?.decision;
      assert.equal(await decisionOf(), '{"row":"5","é":1}');
      assert.equal(await store.signIns.setDecision(tenant, uid, BROWSER, '{"row":"8"}'), true);
      assert.equal(await decisionOf(), '{"row":"8"}');
      await store.signIns.chooseAddress(addressOf(key, { decision: '{"row":"9"}' }));
      assert.equal(await decisionOf(), '{"row":"9"}');
      assert.equal(await store.signIns.setDecision(tenant, uid, 'browser-B', '{}'), false);
      assert.equal(await store.signIns.setDecision(unique('t'), uid, BROWSER, '{}'), false);
      await store.signIns.markVerified(tenant, uid, BROWSER, NOW);
      assert.equal(await store.signIns.setDecision(tenant, uid, BROWSER, '{}'), false);
      assert.equal(await decisionOf(), '{"row":"9"}');
    });

    it('S6 takes one of 50 proofs, of upstreams and passcodes alike', async () => {
      const { store, other } = nodes();
      const { tenant, uid } = await begin(store);
      const results = await parallel(50, (index) => {
        const { signIns } = index % 3 ? store : other;
        return index % 2
          ? signIns.markProven(provenOf({ tenant, uid }), `{"by":${index}}`, NOW + index)
          : signIns.markVerified(tenant, uid, BROWSER, NOW + index);
      });
      assert.equal(successes(results), 1);
      const winner = results.indexOf(true);
      const proven = await store.signIns.find(tenant, uid);
      assert.equal(proven?.verifiedAt, NOW + winner);
      assert.equal(proven.proof, winner % 2 ? `{"by":${winner}}` : null);
    });

    it('S24 takes no proof and no acceptance from another browser', async () => {
      const { store } = nodes();
      const { tenant, uid } = await begin(store);
      const stranger = 'browser-B';
      const theirs = { ...provenOf({ tenant, uid }), browser: stranger };
      assert.equal(await store.signIns.markProven(theirs, '{}', NOW), false);
      await store.signIns.markProven(provenOf({ tenant, uid }), '{}', NOW);
      await store.signIns.accept(tenant, uid, stranger, 1);
      assert.equal((await store.signIns.find(tenant, uid))?.accepted, 0);
    });

    it('S51 takes no proof of one address for a sign-in that has another by now', async () => {
      const { store } = nodes();
      const { tenant, uid } = await begin(store);
      const changed = { addressKey: 'victim@partner.example', address: 'victim@partner.example' };
      await store.signIns.chooseAddress(addressOf({ tenant, uid }, changed));
      const proven = provenOf({ tenant, uid });
      assert.equal(await store.signIns.markProven(proven, '{}', NOW), false);
      const now = await store.signIns.find(tenant, uid);
      assert.deepEqual([now?.verifiedAt, now?.proof], [null, null]);
      const { addressKey } = changed;
      assert.equal(await store.signIns.markProven({ ...proven, addressKey }, '{}', NOW), true);
    });

    it('R70 raises what was accepted after the proof, and never lowers it', async () => {
      const { store } = nodes();
      const { tenant, uid } = await begin(store);
      const acceptedAfter = async (accepted: number) => {
        await store.signIns.accept(tenant, uid, BROWSER, accepted);
        return (await store.signIns.find(tenant, uid))?.accepted;
      };
      assert.equal(await acceptedAfter(1), 0);
      await store.signIns.markProven(provenOf({ tenant, uid }), '{}', NOW);
      assert.equal(await acceptedAfter(1), 1);
      assert.equal(await acceptedAfter(2), 2);
      assert.equal(await acceptedAfter(1), 2);
    });

    it('T84 ends the live passcodes of an address in every sign-in of the tenant', async () => {
      const { store, other } = nodes();
      const tenant = unique('t');
      const keys = ['one', 'two', 'else', 'proven'].map((uid) => ({ tenant, uid }));
      const [one, two, otherAddress, proven] = keys as [Key, Key, Key, Key];
      for (const key of keys) {
        const changes = key === otherAddress ? { addressKey: 'mike@partner.example' } : {};
        await store.signIns.chooseAddress(addressOf(key, changes));
        await store.signIns.takeSend(sendOf(key, NOW));
      }
      await store.signIns.markVerified(tenant, proven.uid, BROWSER, NOW);
      const foreign = await begin(store);
      await store.signIns.takeSend(sendOf(foreign, NOW));
      await other.signIns.endPasscodes(tenant, 'teri@partner.example');
      for (const { uid } of [one, two]) {
        const ended = await store.signIns.find(tenant, uid);
        assert.deepEqual([ended?.liveFrom, ended?.liveUntil], [2, null]);
        assert.equal(await store.signIns.takeAttempt(attemptOf({ tenant, uid })), undefined);
      }
      assert.ok(await store.signIns.takeAttempt(attemptOf(otherAddress)));
      assert.ok(await store.signIns.takeAttempt(attemptOf(foreign)));
      assert.equal((await store.signIns.find(tenant, proven.uid))?.verifiedAt, NOW);
      // A code asked for afterwards is a new one, and works.
      assert.equal((await store.signIns.takeSend(sendOf(one, NOW + 30)))?.liveFrom, 2);
      assert.ok(await store.signIns.takeAttempt(attemptOf(one)));
    });

    it('sets and clears the notice', async () => {
      const { store } = nodes();
      const key = await begin(store);
      await store.signIns.setNotice(key.tenant, key.uid, '{"id":"passcode_mismatch","é":1}');
      const noticed = await store.signIns.find(key.tenant, key.uid);
      assert.equal(noticed?.notice, '{"id":"passcode_mismatch","é":1}');
      await store.signIns.setNotice(key.tenant, key.uid, null);
      assert.equal((await store.signIns.find(key.tenant, key.uid))?.notice, null);
    });
  });

  describe('passcodes', () => {
    it('lists the passcodes of one sign-in, newest first', async () => {
      const { store, other } = nodes();
      const key = await begin(store);
      const record = (sequence: number): PasscodeRecord => ({
        ...key,
        sequence,
        digest: 'd'.repeat(43),
        linkDigest: 'l'.repeat(43),
        pepperVersion: 2,
        strong: sequence === 2,
        createdAt: NOW,
        expiresAt: NOW + 1800,
      });
      await store.passcodes.insert(record(1));
      await store.passcodes.insert(record(2));
      await store.passcodes.insert({ ...record(1), uid: unique('uid') });
      assert.deepEqual(await other.passcodes.list(key.tenant, key.uid), [record(2), record(1)]);
      assert.deepEqual(await store.passcodes.list(unique('t'), key.uid), []);
    });

    it('refuses a second passcode with the same sequence', async () => {
      const { store } = nodes();
      const record: PasscodeRecord = {
        ...(await begin(store)),
        sequence: 1,
        digest: 'd',
        linkDigest: null,
        pepperVersion: 1,
        strong: false,
        createdAt: NOW,
        expiresAt: NOW,
      };
      await store.passcodes.insert(record);
      await assert.rejects(store.passcodes.insert(record));
    });
  });
}
