import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Adapter, type AdapterPayload, errors } from 'oidc-provider';
import { createAdapterFactory } from '../../src/oidc/adapter.ts';
import { createBrowserBinding } from '../../src/oidc/cookies.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';

const START = 1_800_000_000;

describe('createAdapterFactory', () => {
  let folder: string;
  let nodes: readonly [Store, Store];
  let now: number;
  let made = 0;

  const unique = (what: string): string => `${what}-secret-value-${(made += 1)}`;
  const adapter = (model: string, namespace = 'a', node: 0 | 1 = 0): Adapter =>
    createAdapterFactory({
      store: nodes[node].oidc,
      sessions: nodes[node].sessions,
      namespace,
      clock: () => now,
      browser: createBrowserBinding(false),
    })(model);
  const save = async (model: string, payload: Partial<AdapterPayload> = {}, expiresIn = 600) => {
    const id = unique(model);
    await adapter(model).upsert(id, { jti: id, kind: model, ...payload }, expiresIn);
    return id;
  };

  const grant = async () => {
    const grantId = unique('Grant');
    await adapter('Grant').upsert(grantId, { jti: grantId }, 600);
    return grantId;
  };
  const open = () => openStore({ kind: 'sqlite', file: join(folder, 'g.db') });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-adapter-'));
    nodes = [await open(), await open()];
  });
  after(async () => {
    await nodes[0].close();
    await nodes[1].close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    now = START;
  });

  it('S27 T96 keeps no session cookie in an interaction that met a signed-in browser', async () => {
    const session = { accountId: 'x', uid: 'u', cookie: 'cookie-of-a-live-session' };
    const id = await save('Interaction', { session });
    const found = await adapter('Interaction').find(id);
    assert.deepEqual(found?.session, { accountId: 'x', uid: 'u' });
  });

  it('gives back what was stored', async () => {
    const id = await save('AccessToken', { grantId: 'g', accountId: 'x', scope: 'openid' });
    assert.deepEqual(await adapter('AccessToken').find(id), {
      jti: id,
      kind: 'AccessToken',
      grantId: 'g',
      accountId: 'x',
      scope: 'openid',
    });
    assert.equal(await adapter('AccessToken').find('another'), undefined);
  });

  it('S27 keeps no bearer secret, only its digest', async () => {
    const ids = [
      await save('AccessToken', { grantId: 'g' }),
      await save('AuthorizationCode', { grantId: 'g' }),
      await save('RefreshToken', { grantId: 'g' }),
      await save('Session', { uid: unique('uid'), accountId: 'known-account' }),
    ];
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
    const dump = Buffer.concat(files);
    assert.ok(dump.includes('known-account'), 'the dump is what it seems');
    for (const id of ids) assert.ok(!dump.includes(id), id);
  });

  it('S33 finds nothing of another issuer', async () => {
    const uid = unique('uid');
    const session = await save('Session', { uid });
    const code = await save('AuthorizationCode', { grantId: 'g', userCode: 'UC' });
    assert.equal(await adapter('Session', 'b').find(session), undefined);
    assert.equal(await adapter('Session', 'b').findByUid(uid), undefined);
    assert.equal(await adapter('AuthorizationCode', 'b').findByUserCode('UC'), undefined);
    await assert.rejects(adapter('AuthorizationCode', 'b').consume(code), errors.InvalidGrant);
    await adapter('AuthorizationCode', 'b').revokeByGrantId('g');
    await adapter('Session', 'b').destroy(session);
    assert.ok(await adapter('Session').find(session));
    assert.equal((await adapter('AuthorizationCode').find(code))?.consumed, undefined);
  });

  it('finds nothing of another model', async () => {
    const id = await save('AccessToken');
    assert.equal(await adapter('RefreshToken').find(id), undefined);
  });

  it('finds a session by its uid', async () => {
    const uid = unique('uid');
    const id = await save('Session', { uid, accountId: 'x' });
    assert.equal((await adapter('Session').findByUid(uid))?.accountId, 'x');
    await adapter('Session').destroy(id);
    assert.equal(await adapter('Session').findByUid(uid), undefined);
  });

  it('S29 keeps no session that its guest ended while a request was using it', async () => {
    const [uid, guest] = [unique('uid'), unique('guest')];
    const session = { uid, accountId: guest, loginTs: START };
    const id = await save('Session', session);
    const noted = { tenant: 'a', uid, guest, browser: null, byMail: true };
    await nodes[0].sessions.note({ ...noted, signedInAt: START, expiresAt: START + 600 });
    await adapter('Session').upsert(id, { jti: id, ...session }, 600);
    assert.ok(await adapter('Session').find(id));
    await nodes[1].sessions.end('a', guest, uid, START);
    // The engine saves what it had read, under a new id at that.
    await adapter('Session').upsert(`${id}-next`, { jti: id, ...session }, 600);
    assert.equal(await adapter('Session').find(`${id}-next`), undefined);
    assert.equal(await adapter('Session').findByUid(uid), undefined);
    // Another issuer's session of the same name is another session.
    await adapter('Session', 'b').upsert(id, { jti: id, ...session }, 600);
    assert.ok(await adapter('Session', 'b').find(id));
  });

  it('S28 ends a session at its deadline, to the second', async () => {
    const uid = unique('uid');
    const id = await save('Session', { uid }, 60);
    now = START + 59;
    assert.ok(await adapter('Session').find(id));
    now = START + 60;
    assert.equal(await adapter('Session').find(id), undefined);
    assert.equal(await adapter('Session').findByUid(uid), undefined);
  });

  it('leaves the end of other models to the engine, which forgives clocks', async () => {
    const id = await save('AuthorizationCode', {}, 60);
    now = START + 61;
    assert.ok(await adapter('AuthorizationCode').find(id));
  });

  describe('S44 consume', () => {
    it('marks the record as used', async () => {
      const id = await save('AuthorizationCode', { grantId: await grant() });
      await adapter('AuthorizationCode').consume(id);
      assert.equal((await adapter('AuthorizationCode').find(id))?.consumed, START);
    });

    it('T53 refuses the second time and takes the grant and its tokens away', async () => {
      const [grantId, other] = [await grant(), await grant()];
      const id = await save('AuthorizationCode', { grantId });
      const token = await save('AccessToken', { grantId });
      const refresh = await save('RefreshToken', { grantId });
      const bystander = await save('AccessToken', { grantId: other });
      await adapter('AuthorizationCode').consume(id);
      await assert.rejects(adapter('AuthorizationCode').consume(id), errors.InvalidGrant);
      assert.equal(await adapter('AccessToken').find(token), undefined);
      assert.equal(await adapter('RefreshToken').find(refresh), undefined);
      assert.equal(await adapter('Grant').find(grantId), undefined);
      assert.ok(await adapter('AccessToken').find(bystander));
      assert.ok(await adapter('Grant').find(other));
    });

    it('T53 lets one of 50 on two nodes through', async () => {
      const id = await save('AuthorizationCode', { grantId: await grant() });
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) =>
          adapter('AuthorizationCode', 'a', index % 2 ? 0 : 1).consume(id),
        ),
      );
      assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
      for (const result of results) {
        if (result.status === 'rejected') assert.ok(result.reason instanceof errors.InvalidGrant);
      }
    });

    it('stays used when the engine saves the record again', async () => {
      const id = await save('RefreshToken', { grantId: await grant() });
      await adapter('RefreshToken').consume(id);
      await adapter('RefreshToken').upsert(id, { jti: id, kind: 'RefreshToken' }, 600);
      assert.equal((await adapter('RefreshToken').find(id))?.consumed, START);
      await assert.rejects(adapter('RefreshToken').consume(id), errors.InvalidGrant);
    });

    it('refuses a pushed request the second time in its own words', async () => {
      const id = await save('PushedAuthorizationRequest');
      await adapter('PushedAuthorizationRequest').consume(id);
      const again = adapter('PushedAuthorizationRequest').consume(id);
      await assert.rejects(again, errors.InvalidRequestUri);
    });

    it('refuses what never was', async () => {
      await assert.rejects(adapter('AuthorizationCode').consume('never'), errors.InvalidGrant);
    });
  });

  it('S44 S49 takes a one-time id once, also from 20 at once', async () => {
    const id = unique('jti');
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, (_, index) =>
        adapter('ReplayDetection', 'a', index % 2 ? 0 : 1).upsert(id, { iss: 'x' }, 60),
      ),
    );
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
    const replay = adapter('ReplayDetection').upsert(id, { iss: 'x' }, 60);
    await assert.rejects(replay, errors.InvalidClientAuth);
    await adapter('ReplayDetection', 'b').upsert(id, { iss: 'x' }, 60);
  });

  it('revokes the rows of one model and one grant', async () => {
    const [mine, other] = [unique('grant'), unique('grant')];
    const gone = await save('AccessToken', { grantId: mine });
    const kept = await save('RefreshToken', { grantId: mine });
    const foreign = await save('AccessToken', { grantId: other });
    await adapter('AccessToken').revokeByGrantId(mine);
    assert.equal(await adapter('AccessToken').find(gone), undefined);
    assert.ok(await adapter('RefreshToken').find(kept));
    assert.ok(await adapter('AccessToken').find(foreign));
  });

  it('keeps an Interaction when the grant it names is taken away', async () => {
    const grantId = unique('grant');
    const interaction = await save('Interaction', { grantId });
    const code = await save('AuthorizationCode', { grantId });
    await adapter('AuthorizationCode').consume(code);
    await assert.rejects(adapter('AuthorizationCode').consume(code), errors.InvalidGrant);
    await adapter('Interaction').revokeByGrantId(grantId);
    assert.equal((await adapter('Interaction').find(interaction))?.grantId, grantId);
  });
});
