// Owns what checking a passcode must do on every store.

import assert from 'node:assert/strict';
import type { Store } from '../../src/storage/store.ts';
import { Desk, HOUR, MIDNIGHT, unique, whoever, wrongOnes } from './desk.ts';

export function verifyContract(
  nodes: () => { readonly store: Store; readonly other: Store },
): void {
  describe('createVerifyPasscode', () => {
    it('S6 proves the sign-in, once', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const passcode = await desk.send(visit);
      const verified = await desk.verify(visit, passcode);
      assert.ok(verified.outcome === 'verified');
      assert.deepEqual(verified.signIn, await desk.signIn(visit));
      assert.equal(verified.signIn.verifiedAt, MIDNIGHT);
      assert.deepEqual(await desk.verify(visit, passcode), { outcome: 'used' });
    });

    it('S7 kills every passcode of the sign-in with the first one used', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const first = await desk.send(visit);
      desk.now += 60;
      const second = await desk.send(visit);
      assert.deepEqual(await desk.verifyAll(visit, [second, first]), ['verified', 'used']);
    });

    it('T4 takes the right one after four wrong ones', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const right = await desk.send(visit);
      for (const [index, wrong] of wrongOnes(right, 4).entries()) {
        const attemptsLeft = 4 - index;
        assert.deepEqual(await desk.verify(visit, wrong), { outcome: 'mismatch', attemptsLeft });
      }
      assert.equal((await desk.verify(visit, right)).outcome, 'verified');
    });

    it('T4 refuses the right one after five wrong ones', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const right = await desk.send(visit);
      const outcomes = await desk.verifyAll(visit, [...wrongOnes(right, 5), right]);
      assert.deepEqual(outcomes.slice(4), ['exhausted', 'exhausted']);
      assert.equal((await desk.signIn(visit))?.verifiedAt, null);
    });

    it('T2 S5 evaluates 5 of 1000 parallel guesses', async () => {
      const desks = [new Desk(nodes().store), new Desk(nodes().other)] as const;
      const [desk] = desks;
      const visit = await desk.begin();
      const right = await desk.send(visit);
      const outcomes = await Promise.all(
        wrongOnes(right, 1000).map((wrong, index) =>
          desks[index % 10 ? 0 : 1].verify(visit, wrong),
        ),
      );
      const evaluated = outcomes.filter(({ outcome }) => outcome === 'mismatch');
      assert.equal(evaluated.length, 4, 'the fifth evaluated one is told "exhausted"');
      assert.equal((await desk.signIn(visit))?.attempts, 5);
      assert.equal(await desk.failures(visit), 5);
      assert.deepEqual(await desk.verify(visit, right), { outcome: 'exhausted' });
    });

    it('T3 S6 lets one of 1000 parallel right ones through', async () => {
      const desks = [new Desk(nodes().store), new Desk(nodes().other)] as const;
      const visit = await desks[0].begin();
      const right = await desks[0].send(visit);
      const outcomes = await Promise.all(
        Array.from({ length: 1000 }, (_, index) => desks[index % 10 ? 0 : 1].verify(visit, right)),
      );
      const count = (wanted: string) => outcomes.filter(({ outcome }) => outcome === wanted).length;
      assert.deepEqual([count('verified'), count('used')], [1, 999]);
    });

    it('T9 refuses a passcode in another sign-in, and takes it in its own', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      const [one, two] = [await desk.begin(whose), await desk.begin(whose)];
      const passcode = await desk.send(one);
      await desk.send(two);
      assert.equal((await desk.verify(two, passcode)).outcome, 'mismatch');
      assert.equal((await desk.verify(one, passcode)).outcome, 'verified');
    });

    it('T10 S24 evaluates nothing for another browser', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const passcode = await desk.send(visit);
      const stolen = { ...visit, browser: 'browser-B' };
      assert.deepEqual(await desk.verify(stolen, passcode), { outcome: 'gone' });
      assert.equal((await desk.signIn(visit))?.attempts, 0);
      assert.equal(await desk.failures(visit), 0);
      assert.equal((await desk.verify(visit, passcode)).outcome, 'verified');
    });

    it("T12 refuses one tenant's passcode in another tenant's sign-in", async () => {
      const desk = new Desk(nodes().store);
      const { address } = whoever();
      const [here, there] = [await desk.begin({ address }), await desk.begin({ address })];
      const passcode = await desk.send(here);
      await desk.send(there);
      assert.equal((await desk.verify(there, passcode)).outcome, 'mismatch');
      assert.deepEqual(await desk.verify({ ...here, tenant: there.tenant }, passcode), {
        outcome: 'gone',
      });
    });

    it('S4 refuses the passcode of an address that was changed, also after a new send', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const mine = await desk.send(visit);
      const address = `${unique('victim')}@partner.example`;
      const change = {
        address,
        addressKey: address,
        decision: null,
        expiresAt: MIDNIGHT + HOUR,
      };
      assert.ok(await desk.store.signIns.chooseAddress({ ...visit, ...change }));
      assert.deepEqual(await desk.verify(visit, mine), { outcome: 'not_sent' });
      desk.now += 60;
      const changed = { ...visit, ...change, letter: { ...visit.letter!, to: address } };
      await desk.send(changed);
      assert.deepEqual(await desk.verify(visit, mine), { outcome: 'gone' });
      assert.equal((await desk.verify(changed, mine)).outcome, 'mismatch');
    });

    it('T23 evaluates nothing before anything was sent', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      assert.deepEqual(await desk.verify(visit, '00000000'), { outcome: 'not_sent' });
      assert.deepEqual(await desk.verify({ ...visit, uid: unique('uid') }, '00000000'), {
        outcome: 'gone',
      });
    });

    it('T15 R24 takes a passcode at 29:59', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const passcode = await desk.send(visit);
      desk.now = MIDNIGHT + 1799;
      assert.equal((await desk.verify(visit, passcode)).outcome, 'verified');
      // The clock goes back: used stays used.
      desk.now = MIDNIGHT;
      assert.equal((await desk.verify(visit, passcode)).outcome, 'used');
    });

    it('T15 R24 refuses a passcode at 30:00', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const passcode = await desk.send(visit);
      desk.now = MIDNIGHT + 1800;
      assert.deepEqual(await desk.verify(visit, passcode), { outcome: 'expired' });
      assert.equal((await desk.signIn(visit))?.verifiedAt, null);
    });

    it('R24 ends each passcode at its own 30 minutes', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const first = await desk.send(visit);
      desk.now = MIDNIGHT + 60;
      const second = await desk.send(visit);
      desk.now = MIDNIGHT + 1800;
      assert.deepEqual(await desk.verify(visit, first), { outcome: 'expired' });
      assert.equal((await desk.verify(visit, second)).outcome, 'verified');
    });

    it('R24 stays dead when a new passcode follows', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const dead = await desk.send(visit);
      desk.now = MIDNIGHT + 1800;
      const fresh = await desk.send(visit);
      assert.deepEqual(await desk.verifyAll(visit, [dead, fresh]), ['expired', 'verified']);
    });
  });
}
