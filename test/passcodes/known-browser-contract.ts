// Owns what known browsers and notices must be on every store: pools of their own, exact, and one mail.

import assert from 'node:assert/strict';
import type { Store } from '../../src/storage/store.ts';
import { DAY, Desk, HOUR, MIDNIGHT, unique, type Visit, whoever, wrongOnes } from './desk.ts';

const SHORT = /^[0-9]{8}$/;
const STRONG = /^[0-9A-HJKMNP-TV-Z]{16}$/;

/** Sends so many codes to an address from browsers nobody knows; returns the last outcome. */
async function bomb(desk: Desk, whose: ReturnType<typeof whoever>, times: number): Promise<string> {
  let outcome = '';
  for (let time = 0; time < times; time += 1) {
    ({ outcome } = await desk.issuePasscode(await desk.begin(whose)));
  }
  return outcome;
}

/** Spends the failures of everybody's pool, ten of them, with two codes. */
async function spendFailures(desk: Desk, whose: object, known?: string): Promise<Visit> {
  let attack = await desk.begin({ ...whose, ...(known !== undefined && { known }) });
  for (const flow of [1, 2]) {
    if (flow === 2) attack = await desk.begin({ ...whose, ...(known !== undefined && { known }) });
    await desk.verifyAll(attack, wrongOnes(await desk.send(attack), 5));
  }
  return attack;
}

export function knownBrowserContract(
  nodes: () => { readonly store: Store; readonly other: Store },
): void {
  /** What the guest is told after so many failures and a sign-in. */
  const signedIn = async (failures: number, known?: string) => {
    const desk = new Desk(nodes().store);
    const whose = whoever();
    const attack = await desk.begin(whose);
    await desk.verifyAll(attack, wrongOnes(await desk.send(attack), failures));
    const visit = await desk.begin({ ...whose, ...(known !== undefined && { known }) });
    assert.equal((await desk.verify(visit, await desk.send(visit))).outcome, 'verified');
    return desk.notices.map((mail) => mail?.event);
  };

  describe('a known browser', () => {
    it('S10 T19 T17 gets a short code, and a mail, when everybody else has spent theirs', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      const attack = await spendFailures(desk, whose);
      assert.equal(await bomb(desk, whose, 4), 'throttled');
      const visit = await desk.begin({ ...whose, known: 'laptop' });
      const short = await desk.send(visit);
      assert.match(short, SHORT);
      assert.equal((await desk.verify(visit, short)).outcome, 'verified');
      assert.equal(await desk.failures(attack), 10, 'nothing is given back to the others');
      desk.now += HOUR;
      assert.match(await desk.send(await desk.begin(whose)), STRONG);
    });

    it('S10 is mailed to when the mailbox is spent over all tenants', async () => {
      const desk = new Desk(nodes().store);
      const { address } = whoever();
      for (const tenant of [unique('t'), unique('t')]) await bomb(desk, { tenant, address }, 5);
      const here = { tenant: unique('t'), address };
      assert.equal(await bomb(desk, here, 1), 'throttled');
      assert.match(await desk.send(await desk.begin({ ...here, known: 'laptop' })), SHORT);
    });

    it('S10 has five mails an hour and ten a day to itself, then the ones of everybody', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      const sent = async (known?: string): Promise<number> => {
        for (let count = 0; ; count += 1) {
          const visit = await desk.begin({ ...whose, ...(known !== undefined && { known }) });
          if ((await desk.issuePasscode(visit)).outcome !== 'sent') return count;
        }
      };
      assert.equal(await sent('laptop'), 10, 'five of its own, five of everybody’s');
      assert.equal(await sent(), 0);
      assert.equal(await sent('phone'), 5);
      desk.now += HOUR;
      assert.equal(await sent('laptop'), 10);
      desk.now += HOUR;
      assert.equal(await sent('laptop'), 5, 'its own ten of the day are spent');
    });

    it('S8 S10 evaluates 20 of 200 guesses at once, however many browsers were stolen', async () => {
      const sends = { sendsPerAddressPerHour: 99, sendsPerAddressPerDay: 99 };
      const more = { ...sends, sendsPerMailboxPerHour: 99, failuresPerNetworkPerDay: 999 };
      const desks = [new Desk(nodes().store, more), new Desk(nodes().other, more)] as const;
      const whose = whoever();
      const visits: Visit[] = [];
      for (let index = 0; index < 20; index += 1) {
        const known = index % 2 ? { known: `stolen-${index}` } : {};
        visits.push(await desks[0].begin({ ...whose, ...known }));
      }
      for (const visit of visits) await desks[0].send(visit);
      const outcomes = await Promise.all(
        visits.flatMap((visit) =>
          wrongOnes('0', 10).map((wrong, index) => desks[index % 2 ? 0 : 1].verify(visit, wrong)),
        ),
      );
      const counts = await Promise.all(
        visits.map(async (visit) => (await desks[0].signIn(visit))!.attempts),
      );
      assert.equal(outcomes.length, 200);
      assert.equal(
        counts.reduce((sum, count) => sum + count),
        20,
      );
      assert.equal(await desks[0].failures(visits[0]!), 10);
      assert.equal(await desks[0].failures(visits[1]!), 10);
    });

    it('S10 gets strong codes once the pool of all known ones is spent, and is not locked out', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      await spendFailures(desk, whose, 'stolen');
      const visit = await desk.begin({ ...whose, known: 'laptop' });
      const strong = await desk.send(visit);
      assert.match(strong, STRONG);
      assert.equal((await desk.verify(visit, strong)).outcome, 'verified');
      assert.match(await desk.send(await desk.begin(whose)), SHORT, 'the others have their own');
    });

    it('S9 S10 gets strong codes after too many failures in a row, and in a network that guesses', async () => {
      const desk = new Desk(nodes().store, {
        consecutiveFailuresPerAddress: 3,
        failuresPerNetworkPerDay: 4,
      });
      const whose = whoever();
      const attack = await desk.begin(whose);
      await desk.verifyAll(attack, wrongOnes(await desk.send(attack), 3));
      assert.match(await desk.send(await desk.begin({ ...whose, known: 'laptop' })), STRONG);
      const network = unique('network');
      const guesser = await desk.begin({ network });
      await desk.verifyAll(guesser, wrongOnes(await desk.send(guesser), 3));
      const second = await desk.begin({ network });
      await desk.verifyAll(second, wrongOnes(await desk.send(second), 1));
      assert.match(await desk.send(await desk.begin({ network, known: 'laptop' })), STRONG);
    });
  });

  describe('a notice to the guest', () => {
    it('S67 is mailed once when codes become long, also when both nodes are guessed at', async () => {
      const more = { failuresPerNetworkPerDay: 999 };
      const desks = [new Desk(nodes().store, more), new Desk(nodes().other, more)] as const;
      const whose = whoever();
      // Two pools end at the same time: each by itself would be a reason to write.
      const visits = await Promise.all(
        [{}, {}, { known: 'one' }, { known: 'two' }].map((known) =>
          desks[0].begin({ ...whose, ...known }),
        ),
      );
      for (const visit of visits) await desks[0].send(visit);
      const outcomes = await Promise.all(
        visits.flatMap((visit, at) =>
          wrongOnes('0', 9).map((code) => desks[at % 2]!.verify(visit, code)),
        ),
      );
      assert.deepEqual(
        [await desks[0].failures(visits[0]!), await desks[0].failures(visits[2]!)],
        [10, 10],
      );
      const told = outcomes.filter(({ notified }) => notified === 'attempts');
      assert.equal(told.length, 1);
      const mails = [...desks[0].notices, ...desks[1].notices];
      assert.equal(mails.length, 1);
      const { to, event, happenedAt } = mails[0]!;
      assert.deepEqual([to, event, happenedAt], [whose.address, 'attempts', MIDNIGHT]);
    });

    it('S62 S67 costs a stranger’s address the same rows, and writes to nobody', async () => {
      const desk = new Desk(nodes().store);
      const whose = { ...whoever(), invited: false };
      for (const flow of [1, 2]) {
        const visit = await desk.begin(whose);
        await desk.issuePasscode(visit);
        await desk.verifyAll(visit, wrongOnes(String(flow), 5));
      }
      assert.deepEqual(desk.notices, [null]);
    });

    it('S67 tells of a sign-in in a new browser after five failures, not in a known one', async () => {
      assert.deepEqual(await signedIn(5), ['sign-in']);
      assert.deepEqual(await signedIn(4), []);
      assert.deepEqual(await signedIn(5, 'laptop'), []);
    });

    it('S67 tells of the sign-in although the wrong codes were told before, and of neither twice a day', async () => {
      const desk = new Desk(nodes().store, {
        sendsPerAddressPerHour: 99,
        sendsPerMailboxPerHour: 99,
      });
      const whose = whoever();
      const signIn = async (): Promise<void> => {
        const visit = await desk.begin(whose);
        assert.equal((await desk.verify(visit, await desk.send(visit))).outcome, 'verified');
      };
      await spendFailures(desk, whose);
      await signIn();
      const events = () => desk.notices.map((mail) => mail?.event);
      assert.deepEqual(events(), ['attempts', 'sign-in']);
      const slips = await desk.begin(whose);
      await desk.send(slips);
      await desk.verifyAll(
        slips,
        Array.from({ length: 5 }, () => '0'.repeat(16)),
      );
      await signIn();
      assert.deepEqual(events(), ['attempts', 'sign-in']);
      desk.now = MIDNIGHT + DAY;
      await spendFailures(desk, whose);
      assert.deepEqual(events(), ['attempts', 'sign-in', 'attempts']);
    });
  });
}
