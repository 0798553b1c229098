import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createOnce, type Once, type Repeatable } from '../../src/http/admin-api/idempotency.ts';
import { problem } from '../../src/http/admin-api/problem.ts';
import { createSealer } from '../../src/settings/sealer.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';

const request: Repeatable = {
  tenant: 'a',
  clientId: 'ops',
  key: 'k',
  operation: 'createInvitation',
  id: '',
  body: { a: 1 },
};

describe('createOnce', () => {
  let folder: string;
  let store: Store;
  let once: Once;
  let now = 1_800_000_000;
  let ran = 0;
  let made = 0;
  const fresh = (more: Partial<Repeatable> = {}): Repeatable => ({
    ...request,
    key: `key-${made}`,
    ...more,
  });
  const run = (): Promise<object> => Promise.resolve({ ran: (ran += 1) });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-once-'));
    store = await openStore({ kind: 'sqlite', file: join(folder, 'guest.db') });
    once = createOnce({
      store: store.oidc,
      sealer: createSealer(randomBytes(32), 'admin-answer'),
      clock: () => now,
    });
  });
  after(async () => {
    await store.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    made += 1;
    ran = 0;
  });

  it('runs once and gives the answer again, also one without a body', async () => {
    assert.deepEqual(await once(fresh(), run), { outcome: { ran: 1 }, isRepeated: false });
    assert.deepEqual(await once(fresh(), run), { outcome: { ran: 1 }, isRepeated: true });
    const empty = fresh({ key: `empty-${made}` });
    await once(empty, () => Promise.resolve(undefined));
    assert.deepEqual(await once(empty, run), { outcome: undefined, isRepeated: true });
  });

  it('forgets after a day', async () => {
    await once(fresh(), run);
    now += 86_400;
    assert.deepEqual(await once(fresh(), run), { outcome: { ran: 2 }, isRepeated: false });
  });

  it('S33 tells tenants, clients and requests apart', async () => {
    await once(fresh(), run);
    for (const other of [{ tenant: 'b' }, { clientId: 'else' }]) {
      assert.equal((await once(fresh(other), run)).isRepeated, false);
    }
    assert.equal(ran, 3);
    for (const other of [{ operation: 'resetRedemption' }, { id: 'x' }, { body: {} }]) {
      const { outcome } = await once(fresh(other), run);
      assert.equal((outcome as { problem: number }).problem, 422);
    }
    assert.equal(ran, 3);
  });

  it('says that the first is under way, and waits a minute for one that died', async () => {
    const began = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<object>();
    const first = once(fresh(), () => {
      began.resolve();
      return ended.promise;
    });
    await began.promise;
    const busy = await once(fresh(), run);
    assert.equal((busy.outcome as { problem: number }).problem, 409);
    now += 60;
    assert.deepEqual(await once(fresh(), run), { outcome: { ran: 1 }, isRepeated: false });
    ended.resolve({});
    await first;
  });

  it('frees the key of what was refused or went wrong', async () => {
    const no = problem(400, 'No.');
    assert.equal((await once(fresh(), () => Promise.resolve(no))).outcome, no);
    await assert.rejects(
      once(fresh(), () => Promise.reject(new Error('down'))),
      /down/,
    );
    assert.deepEqual(await once(fresh(), run), { outcome: { ran: 1 }, isRepeated: false });
  });
});
