// Owns what failed guesses must lead to on every store: budgets, strong passcodes, no lock-out.

import assert from 'node:assert/strict';
import type { Store } from '../../src/storage/store.ts';
import { DAY, Desk, MIDNIGHT, unique, whoever, wrongOnes } from './desk.ts';

const MANY_SENDS = {
  sendsPerAddressPerHour: 99,
  sendsPerAddressPerDay: 99,
  sendsPerMailboxPerHour: 99,
};
const STRONG = /^[0-9A-HJKMNP-TV-Z]{16}$/;
const WRONG_STRONG = '0'.repeat(16);

export function failureContract(
  nodes: () => { readonly store: Store; readonly other: Store },
): void {
  describe('createVerifyPasscode after failures', () => {
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
      assert.equal(await desk.failures(visits[0]!), 10);
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
      assert.equal(await desk.failures(visit), 9, 'its own reservation alone is given back');
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
      // Nobody is told of what an attempt used up, but of what stopped one.
      assert.deepEqual(desk.told, [`${attack.tenant}: failure.network.day`]);
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
      assert.deepEqual(desk.told.slice(1), Array(2).fill(`${next.tenant}: failure.network.day`));
      assert.equal((await desk.signIn(next))?.attempts, 2);
      desk.now = MIDNIGHT + 29 * 60;
      const elsewhere = { ...next, subjects: { ...next.subjects, network: unique('network') } };
      assert.equal((await desk.verify(elsewhere, strong)).outcome, 'verified');
    });

    it('S11 compares as many guesses as a tenant has left, of 200 at once on two nodes', async () => {
      const limits = { failuresPerTenantPerDay: 100 };
      const desks = [new Desk(nodes().store, limits), new Desk(nodes().other, limits)] as const;
      const tenant = unique('t');
      const visits = await Promise.all(
        Array.from({ length: 40 }, () => desks[0].begin({ tenant })),
      );
      for (const visit of visits) await desks[0].send(visit);
      const outcomes = await Promise.all(
        Array.from({ length: 200 }, (_, index) =>
          desks[index % 2 ? 0 : 1].verify(visits[index % 40]!, wrongOnes('0', 5)[index % 5]!),
        ),
      );
      const states = await Promise.all(visits.map((visit) => desks[0].signIn(visit)));
      assert.equal(
        states.reduce((sum, state) => sum + state!.attempts, 0),
        100,
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'superseded').length, 100);
    });

    it('S11 gives back what a right code had reserved where a budget is near its end', async () => {
      const desk = new Desk(nodes().store, { failuresPerTenantPerDay: 3 });
      const tenant = unique('t');
      for (let guest = 0; guest < 4; guest += 1) {
        const visit = await desk.begin({ tenant });
        assert.equal((await desk.verify(visit, await desk.send(visit))).outcome, 'verified');
      }
      const attack = await desk.begin({ tenant });
      const right = await desk.send(attack);
      assert.deepEqual(await desk.verifyAll(attack, [...wrongOnes(right, 3), right]), [
        'mismatch',
        'mismatch',
        'mismatch',
        'superseded',
      ]);
    });

    it('tells nobody of an attempt that no budget stopped', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      await desk.send(visit);
      assert.deepEqual(await desk.verify({ ...visit, browser: 'browser-B' }, '12345678'), {
        outcome: 'gone',
      });
      assert.deepEqual(desk.told, []);
    });

    it('S9 makes passcodes strong for a tenant that is attacked, and for no other', async () => {
      const desk = new Desk(nodes().store, { failuresPerTenantPerDay: 3 });
      const attack = await desk.begin();
      await desk.verifyAll(attack, wrongOnes(await desk.send(attack), 3));
      assert.match(await desk.send(await desk.begin({ tenant: attack.tenant })), STRONG);
      assert.match(await desk.send(await desk.begin()), /^[0-9]{8}$/);
    });
  });
}
