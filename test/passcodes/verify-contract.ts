// Owns what checking a passcode must do on every store.

import assert from 'node:assert/strict';
import type { Store } from '../../src/storage/store.ts';
import { Desk, HOUR, MIDNIGHT, unique, whoever, wrongOnes } from './desk.ts';

/** Sends with a link; returns its key and the passcode beside it. */
async function sendLink(desk: Desk, visit: Awaited<ReturnType<Desk['begin']>>) {
  await desk.issuePasscode({ ...visit, linkPage: 'https://guest.example/link' });
  const { link = '', passcode } = desk.tray.at(-1)!;
  const key = new URL(link).searchParams.get('key')!;
  return {
    key,
    passcode,
    open: (k = key) => desk.verifyPasscode({ ...visit, passcode: k, isLink: true }),
  };
}

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

    describe('the key of a link', () => {
      it('S6 proves the sign-in once, and uses up the passcode beside it', async () => {
        const desk = new Desk(nodes().store);
        const visit = await desk.begin();
        const { open, passcode } = await sendLink(desk, visit);
        const outcomes = await Promise.all(Array.from({ length: 10 }, () => open()));
        const verified = outcomes.filter(({ outcome }) => outcome === 'verified');
        assert.equal(verified.length, 1);
        assert.equal((await desk.verify(visit, passcode)).outcome, 'used');
      });

      it('S4 ends with the passcode: at 30 minutes, and for another address', async () => {
        const desk = new Desk(nodes().store);
        const visit = await desk.begin();
        const { open, key } = await sendLink(desk, visit);
        desk.now += HOUR / 2;
        assert.equal((await open()).outcome, 'expired');
        const other = await desk.begin();
        await sendLink(desk, other);
        const stolen = { ...other, passcode: key, isLink: true };
        assert.equal((await desk.verifyPasscode(stolen)).outcome, 'mismatch');
      });

      it('S5 shares the five tries with the passcode, on every node', async () => {
        const desk = new Desk(nodes().store);
        const visit = await desk.begin();
        const { open, key, passcode } = await sendLink(desk, visit);
        await desk.verifyAll(visit, wrongOnes(passcode, 3));
        const guess = `${key.slice(0, -2)}zz`;
        assert.deepEqual(await open(guess), { outcome: 'mismatch', attemptsLeft: 1 });
        assert.deepEqual(await open(guess), { outcome: 'exhausted' });
        assert.deepEqual(await open(), { outcome: 'exhausted' });
      });

      it('S9 works while failures elsewhere have made short codes worth nothing', async () => {
        const desk = new Desk(nodes().store);
        const visit = await desk.begin();
        const { open, passcode } = await sendLink(desk, visit);
        const { tenant, address } = visit;
        for (let round = 0; round < 2; round += 1) {
          const other = await desk.begin({ tenant, address });
          const right = await desk.send(other);
          await desk.verifyAll(other, wrongOnes(right, 5));
        }
        assert.equal((await desk.verify(visit, passcode)).outcome, 'superseded');
        assert.equal((await open()).outcome, 'verified');
      });

      it('S13 is no passcode, and a passcode no key', async () => {
        const desk = new Desk(nodes().store);
        const visit = await desk.begin();
        const { open, key, passcode } = await sendLink(desk, visit);
        assert.equal((await open(passcode)).outcome, 'mismatch');
        assert.equal((await desk.verify(visit, key)).outcome, 'mismatch');
        const bare = await desk.begin();
        await desk.send(bare);
        const nothing = await desk.verifyPasscode({ ...bare, passcode: '', isLink: true });
        assert.equal(nothing.outcome, 'mismatch');
      });
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
