// Owns what sending a passcode must do on every store.

import assert from 'node:assert/strict';
import { scopeFailureBudgets, sendBudgets } from '../../src/domain/budget.ts';
import { GuestError } from '../../src/domain/errors.ts';
import type { Store } from '../../src/storage/store.ts';
import { DAY, Desk, HOUR, letterTo, MIDNIGHT, unique, whoever, wrongOnes } from './desk.ts';

export function issueContract(nodes: () => { readonly store: Store; readonly other: Store }): void {
  describe('createIssuePasscode', () => {
    it('R23 S2 mails eight digits to the address of the letter', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin({ address: 'Teri@gmail.com' });
      assert.match(await desk.send(visit), /^[0-9]{8}$/);
      const signIn = await desk.signIn(visit);
      assert.ok(signIn);
      const [mail] = desk.tray;
      assert.equal(mail?.to, 'Teri@gmail.com');
      assert.equal(mail?.label, signIn.label);
      assert.equal(mail?.lifetimeSeconds, 1800);
      assert.deepEqual(
        [signIn.sends, signIn.strong, signIn.liveUntil],
        [1, false, MIDNIGHT + 1800],
      );
    });

    it('S3 stores no passcode, only a digest', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const passcode = await desk.send(visit);
      const records = await desk.store.passcodes.list(visit.tenant, visit.uid);
      assert.equal(records.length, 1);
      assert.match(records[0]!.digest, /^[\w-]{43}$/);
      assert.ok(!JSON.stringify([records, await desk.signIn(visit)]).includes(passcode));
    });

    it('T16 sends nothing within 30 seconds and says until when', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      await desk.send(visit);
      desk.now += 29;
      const retryAt = MIDNIGHT + 30;
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'too_soon', retryAt });
      assert.equal(desk.tray.length, 1);
      desk.now += 1;
      await desk.send(visit);
    });

    it('T16 sends one mail for 20 simultaneous requests on two nodes', async () => {
      const desks = [new Desk(nodes().store), new Desk(nodes().other)] as const;
      const visit = await desks[0].begin();
      const outcomes = await Promise.all(
        Array.from({ length: 20 }, (_, index) => desks[index % 2 ? 0 : 1].issuePasscode(visit)),
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'sent').length, 1);
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'too_soon').length, 19);
      const mails = [...desks[0].tray, ...desks[1].tray];
      assert.equal(mails.length, 1);
      assert.equal((await desks[0].verify(visit, mails[0]!.passcode)).outcome, 'verified');
    });

    it('S7 keeps the earlier passcode good after a resend', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const first = await desk.send(visit);
      desk.now += 60;
      await desk.send(visit);
      assert.equal((await desk.verify(visit, first)).outcome, 'verified');
    });

    it('S7 keeps at most the two newest live', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const sent: string[] = [];
      for (let index = 0; index < 3; index += 1, desk.now += 60) sent.push(await desk.send(visit));
      assert.equal((await desk.verify(visit, sent[0]!)).outcome, 'mismatch');
      assert.equal((await desk.verify(visit, sent[1]!)).outcome, 'verified');
    });

    it('T8 never refills the attempts while a passcode is live', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const sent = [await desk.send(visit)];
      const wrong = wrongOnes(sent[0]!, 40).slice(30);
      assert.deepEqual(await desk.verifyAll(visit, wrong.slice(0, 2)), ['mismatch', 'mismatch']);
      desk.now += 60;
      sent.push(await desk.send(visit));
      assert.deepEqual(await desk.verifyAll(visit, wrong.slice(2, 4)), ['mismatch', 'mismatch']);
      desk.now += 60;
      sent.push(await desk.send(visit));
      assert.deepEqual(
        await desk.verifyAll(visit, [wrong[4]!, ...sent]),
        Array(4).fill('exhausted'),
      );
    });

    it('S7 starts a dead set anew, and its passcodes stay dead', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const dead = await desk.send(visit);
      await desk.verifyAll(visit, wrongOnes(dead, 5));
      desk.now += 60;
      const fresh = await desk.send(visit);
      assert.deepEqual(await desk.verifyAll(visit, [dead, fresh]), ['mismatch', 'verified']);
    });

    it('S7 sends at most four passcodes in one sign-in', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      for (let index = 0; index < 4; index += 1, desk.now += 60) await desk.send(visit);
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'exhausted' });
      assert.equal(desk.tray.length, 4);
    });

    it('S11 sends 5 in an hour to one address, from any number of sign-ins', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      for (let index = 0; index < 5; index += 1) await desk.send(await desk.begin(whose));
      const visit = await desk.begin(whose);
      desk.now += 600;
      const retryAt = MIDNIGHT + HOUR;
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'throttled', retryAt });
      desk.now = retryAt - 1;
      assert.equal((await desk.issuePasscode(visit)).outcome, 'throttled');
      desk.now = retryAt;
      await desk.send(visit);
    });

    it('S11 writes nothing when it refuses', async () => {
      const desk = new Desk(nodes().store, { sendsPerAddressPerHour: 1 });
      const first = await desk.begin();
      await desk.send(first);
      const visit = await desk.begin(first);
      const budgets = sendBudgets(visit.subjects, desk.limits);
      const before = [await desk.signIn(visit), await desk.store.budgets.read(budgets, desk.now)];
      assert.equal((await desk.issuePasscode(visit)).outcome, 'throttled');
      const after = [await desk.signIn(visit), await desk.store.budgets.read(budgets, desk.now)];
      assert.deepEqual(after, before);
      assert.deepEqual(await desk.store.passcodes.list(visit.tenant, visit.uid), []);
      assert.equal(desk.tray.length, 1);
    });

    it('T17 sends 20 in a day to one address and says when the next day is', async () => {
      const desk = new Desk(nodes().store);
      const whose = whoever();
      for (let index = 0; index < 20; index += 1) {
        desk.now = MIDNIGHT + Math.floor(index / 5) * HOUR;
        await desk.send(await desk.begin(whose));
      }
      desk.now = MIDNIGHT + 5 * HOUR;
      const visit = await desk.begin(whose);
      const retryAt = MIDNIGHT + DAY;
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'throttled', retryAt });
    });

    it('S11 says when the last of several spent budgets begins anew, and tells of each', async () => {
      const desk = new Desk(nodes().store, { sendsPerAddressPerHour: 1, sendsPerAddressPerDay: 1 });
      const whose = whoever();
      await desk.send(await desk.begin(whose));
      assert.deepEqual(desk.told, [], 'nothing is spent by what was sent');
      assert.deepEqual(await desk.issuePasscode(await desk.begin(whose)), {
        outcome: 'throttled',
        retryAt: MIDNIGHT + DAY,
      });
      assert.deepEqual(desk.told, [`${whose.tenant}: send.address.hour send.address.day`]);
    });

    it('does not take a failing store for an answer', async () => {
      const fault = new GuestError('unavailable');
      const store: Store = { ...nodes().store, transaction: () => Promise.reject(fault) };
      const desk = new Desk(store);
      const visit = await desk.begin();
      await assert.rejects(desk.issuePasscode(visit), fault);
      await assert.rejects(desk.verify(visit, '12345678'), fault);
    });

    it('S11 counts the mailbox over all tenants, and the network over all addresses', async () => {
      const desk = new Desk(nodes().store, {
        sendsPerMailboxPerHour: 2,
        sendsPerNetworkPer15Minutes: 2,
      });
      const address = `${unique('g')}@partner.example`;
      await desk.send(await desk.begin({ address }));
      await desk.send(await desk.begin({ address }));
      assert.equal((await desk.issuePasscode(await desk.begin({ address }))).outcome, 'throttled');
      const network = unique('network');
      await desk.send(await desk.begin({ network }));
      await desk.send(await desk.begin({ network }));
      assert.deepEqual(await desk.issuePasscode(await desk.begin({ network })), {
        outcome: 'throttled',
        retryAt: MIDNIGHT + 900,
      });
    });

    it('S11 overshoots no budget when 40 sign-ins ask at once on two nodes', async () => {
      const desks = [new Desk(nodes().store), new Desk(nodes().other)] as const;
      const whose = whoever();
      const visits = await Promise.all(Array.from({ length: 40 }, () => desks[0].begin(whose)));
      const outcomes = await Promise.all(
        visits.map((visit, index) => desks[index % 2 ? 0 : 1].issuePasscode(visit)),
      );
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'sent').length, 5);
      assert.equal(outcomes.filter(({ outcome }) => outcome === 'throttled').length, 35);
      assert.equal(desks[0].tray.length + desks[1].tray.length, 5);
    });

    it('S62 answers a stranger the same, writes the same, and mails nobody', async () => {
      const desk = new Desk(nodes().store, { sendsPerAddressPerHour: 2 });
      const seen: unknown[] = [];
      for (const invited of [true, false]) {
        desk.now = MIDNIGHT;
        const visit = await desk.begin({ invited });
        const outcomes = [(await desk.issuePasscode(visit)).outcome];
        outcomes.push((await desk.issuePasscode(visit)).outcome);
        const mail = desk.tray.at(-1);
        assert.equal(mail === null, !invited);
        const guess = wrongOnes(mail?.passcode ?? '00000000', 1)[0]!;
        const answer = await desk.verify(visit, guess);
        desk.now += 60;
        outcomes.push((await desk.issuePasscode(visit)).outcome);
        desk.now += 60;
        outcomes.push((await desk.issuePasscode(visit)).outcome);
        const budgets = [
          ...sendBudgets(visit.subjects, desk.limits),
          ...scopeFailureBudgets(visit.subjects, desk.limits).slice(0, 3),
        ];
        const rows = await desk.store.passcodes.list(visit.tenant, visit.uid);
        const used = await desk.store.budgets.read(budgets, desk.now);
        seen.push([outcomes, answer, rows.length, used]);
      }
      assert.deepEqual(seen[1], seen[0]);
      assert.deepEqual(desk.tray.slice(2), [null, null]);
    });

    it('S24 sends nothing for another browser or an unknown sign-in', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      const gone = { outcome: 'gone' };
      assert.deepEqual(await desk.issuePasscode({ ...visit, browser: 'browser-B' }), gone);
      assert.deepEqual(await desk.issuePasscode({ ...visit, uid: unique('uid') }), gone);
      assert.deepEqual(await desk.issuePasscode({ ...visit, tenant: unique('t') }), gone);
      assert.deepEqual(desk.tray, []);
    });

    it('sends nothing once the sign-in is proven', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin();
      await desk.verify(visit, await desk.send(visit));
      desk.now += 60;
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'verified' });
    });

    it('S17 mails no passcode of one guest to another when the address changes meanwhile', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin({ address: 'attacker@evil.example' });
      // A second request of the same browser, between finding the guest and taking the send.
      await desk.store.signIns.chooseAddress({
        ...visit,
        address: 'victim@partner.example',
        addressKey: 'victim@partner.example',
        decision: null,
        expiresAt: MIDNIGHT + HOUR,
      });
      assert.deepEqual(await desk.issuePasscode(visit), { outcome: 'gone' });
      assert.deepEqual(desk.tray, []);
      assert.deepEqual(await desk.store.passcodes.list(visit.tenant, visit.uid), []);
      const addressKey = 'victim@partner.example';
      const letter = letterTo('Victim@partner.example');
      assert.equal((await desk.issuePasscode({ ...visit, addressKey, letter })).outcome, 'sent');
    });

    it('S8 evaluates no guess at one guest that would be billed to another', async () => {
      const desk = new Desk(nodes().store);
      const visit = await desk.begin({ address: 'attacker2@evil.example' });
      const addressKey = 'victim2@partner.example';
      await desk.store.signIns.chooseAddress({
        ...visit,
        address: addressKey,
        addressKey,
        decision: null,
        expiresAt: MIDNIGHT + HOUR,
      });
      const letter = letterTo(addressKey);
      assert.equal((await desk.issuePasscode({ ...visit, addressKey, letter })).outcome, 'sent');
      assert.deepEqual(await desk.verify(visit, '00000000'), { outcome: 'gone' });
      assert.equal((await desk.signIn(visit))?.attempts, 0);
      assert.equal(await desk.failures(visit), 0);
    });
  });
}
