// Owns what checking a passcode must do on every store.

import assert from 'node:assert/strict';
import { addressFailureBudgets } from '../../src/domain/budget.ts';
import type { Store } from '../../src/storage/store.ts';
import { DAY, Desk, HOUR, MIDNIGHT, unique, type Visit, wrongOnes } from './desk.ts';

const MANY_SENDS = {
  sendsPerAddressPerHour: 99,
  sendsPerAddressPerDay: 99,
  sendsPerMailboxPerHour: 99,
};
const STRONG = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const WRONG_STRONG = '0'.repeat(16);

/** A guest, and the sign-ins of others who know the address. */
function whoever() {
  return { tenant: unique('t'), address: `${unique('g')}@partner.example` };
}

async function failures(desk: Desk, visit: Visit): Promise<number | undefined> {
  const budgets = addressFailureBudgets(visit.subjects, desk.limits);
  return (await desk.store.budgets.read(budgets, desk.now))[0];
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
      assert.equal(await failures(desk, visit), 5);
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

    it('S8 evaluates 10 of 200 guesses over 20 sign-ins on two nodes', async () => {
      const desks = [
        new Desk(nodes().store, MANY_SENDS),
        new Desk(nodes().other, MANY_SENDS),
      ] as const;
      const [desk] = desks;
      const whose = whoever();
      const visits = await Promise.all(Array.from({ length: 20 }, () => desk.begin(whose)));
      for (const visit of visits) await desk.send(visit);
      const outcomes = await Promise.all(
        visits.flatMap((visit) =>
          wrongOnes('0', 10).map((wrong, index) => desks[index % 2 ? 0 : 1].verify(visit, wrong)),
        ),
      );
      assert.equal(await failures(desk, visits[0]!), 10);
      const attempts = await Promise.all(
        visits.map(async (visit) => (await desk.signIn(visit))!.attempts),
      );
      assert.equal(
        attempts.reduce((sum, count) => sum + count),
        10,
      );
      assert.ok(outcomes.some(({ outcome }) => outcome === 'superseded'));
    });

    it('T19 S9 sends a strong passcode once the budget is spent, and nobody is locked out', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      const visit = await desk.begin(whose);
      const short = await desk.send(visit);
      for (let index = 0; index < 2; index += 1) {
        const attack = await desk.begin(whose);
        const right = await desk.send(attack);
        await desk.verifyAll(attack, wrongOnes(right, 5));
      }
      assert.deepEqual(await desk.verify(visit, short), { outcome: 'superseded' });
      assert.equal((await desk.signIn(visit))?.attempts, 0, 'not evaluated');
      desk.now += 60;
      const strong = await desk.send(visit);
      assert.match(strong, STRONG);
      assert.equal(desk.tray.at(-1)?.strong, true);
      assert.deepEqual(await desk.verifyAll(visit, [short, WRONG_STRONG, strong]), [
        'mismatch',
        'mismatch',
        'verified',
      ]);
    });

    it('S8 refills no address budget by success, and is short again the next day', async () => {
      const desk = new Desk(nodes().store, MANY_SENDS);
      const whose = whoever();
      for (const wrong of [5, 4]) {
        const visit = await desk.begin(whose);
        await desk.verifyAll(visit, wrongOnes(await desk.send(visit), wrong));
      }
      const visit = await desk.begin(whose);
      assert.equal((await desk.verify(visit, await desk.send(visit))).outcome, 'verified');
      assert.equal(await failures(desk, visit), 9, 'its own reservation alone is given back');
      const last = await desk.begin(whose);
      const right = await desk.send(last);
      assert.deepEqual(await desk.verifyAll(last, [...wrongOnes(right, 1), right]), [
        'mismatch',
        'superseded',
      ]);
      const locked = await desk.begin(whose);
      const strong = await desk.send(locked);
      assert.match(strong, STRONG);
      assert.equal((await desk.verify(locked, strong)).outcome, 'verified');
      assert.match(await desk.send(await desk.begin(whose)), STRONG, 'success brings nothing back');
      desk.now = MIDNIGHT + DAY;
      assert.match(await desk.send(await desk.begin(whose)), /^[0-9]{8}$/);
    });

    it('S8 remembers failures for 30 days', async () => {
      const desk = new Desk(nodes().store, { ...MANY_SENDS, failuresPerAddressPer30Days: 6 });
      const whose = whoever();
      const visit = await desk.begin(whose);
      await desk.verifyAll(visit, wrongOnes(await desk.send(visit), 5));
      desk.now += 5 * DAY;
      const later = await desk.begin(whose);
      const right = await desk.send(later);
      assert.deepEqual(await desk.verifyAll(later, [...wrongOnes(right, 1), right]), [
        'mismatch',
        'superseded',
      ]);
      desk.now = MIDNIGHT + 30 * DAY;
      assert.match(await desk.send(await desk.begin(whose)), /^[0-9]{8}$/);
    });

    it('T28 sends strong ones after too many failures in a row, until one succeeds', async () => {
      const desk = new Desk(nodes().store, { consecutiveFailuresPerAddress: 3 });
      const whose = whoever();
      for (let week = 0; week < 3; week += 1, desk.now += 7 * DAY) {
        const visit = await desk.begin(whose);
        await desk.verifyAll(visit, wrongOnes(await desk.send(visit), 1));
      }
      desk.now += 40 * DAY;
      const visit = await desk.begin(whose);
      const strong = await desk.send(visit);
      assert.match(strong, STRONG);
      assert.equal((await desk.verify(visit, strong)).outcome, 'verified');
      assert.match(await desk.send(await desk.begin(whose)), /^[0-9]{8}$/);
    });

    it('S9 makes passcodes strong for a network that failed too often, and for no other', async () => {
      const desk = new Desk(nodes().store, {
        failuresPerNetworkPerDay: 3,
        refusedPerNetworkPerDay: 5,
      });
      const network = unique('network');
      const attack = await desk.begin({ network });
      const right = await desk.send(attack);
      const outcomes = await desk.verifyAll(attack, [...wrongOnes(right, 3), right]);
      assert.deepEqual(outcomes, ['mismatch', 'mismatch', 'mismatch', 'superseded']);
      const next = await desk.begin({ network });
      const strong = await desk.send(next);
      assert.match(strong, STRONG);
      assert.match(await desk.send(await desk.begin()), /^[0-9]{8}$/);
      // From here on the network only makes work.
      await desk.verifyAll(next, [WRONG_STRONG, WRONG_STRONG]);
      assert.deepEqual(await desk.verify(next, strong), {
        outcome: 'throttled',
        retryAt: MIDNIGHT + DAY,
      });
      assert.equal((await desk.signIn(next))?.attempts, 2);
      desk.now = MIDNIGHT + 29 * 60;
      const elsewhere = { ...next, subjects: { ...next.subjects, network: unique('network') } };
      assert.equal((await desk.verify(elsewhere, strong)).outcome, 'verified');
    });

    it('S9 makes passcodes strong for a tenant that is attacked, and for no other', async () => {
      const desk = new Desk(nodes().store, { failuresPerTenantPerDay: 3 });
      const attack = await desk.begin();
      await desk.verifyAll(attack, wrongOnes(await desk.send(attack), 3));
      assert.match(await desk.send(await desk.begin({ tenant: attack.tenant })), STRONG);
      assert.match(await desk.send(await desk.begin()), /^[0-9]{8}$/);
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
      assert.equal(await failures(desk, visit), 0);
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
        guestId: 'guest-2',
        expiresAt: MIDNIGHT + HOUR,
      };
      assert.ok(await desk.store.signIns.chooseAddress({ ...visit, ...change }));
      assert.deepEqual(await desk.verify(visit, mine), { outcome: 'not_sent' });
      desk.now += 60;
      await desk.send({ ...visit, letter: { ...visit.letter!, to: address } });
      assert.equal((await desk.verify(visit, mine)).outcome, 'mismatch');
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
