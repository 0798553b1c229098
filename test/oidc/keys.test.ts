import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importJWK, jwtVerify, SignJWT } from 'jose';
import { createSigningKeys } from '../../src/oidc/keys.ts';
import { createSealer } from '../../src/settings/sealer.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { SigningKey, Store } from '../../src/storage/store.ts';

const START = 1_800_000_000;

describe('createSigningKeys', () => {
  let folder: string;
  const masterKey = randomBytes(32);
  let stores: readonly [Store, Store];
  let now = START;

  const open = () => openStore({ kind: 'sqlite', file: join(folder, 'g.db') });
  const keysOf = (store: Store, key = masterKey) =>
    createSigningKeys({
      store: store.keys,
      sealer: createSealer(key, 'signing-key'),
      clock: () => now,
    });

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-keys-'));
    stores = [await open(), await open()];
  });
  after(async () => {
    await stores[0].close();
    await stores[1].close();
    rmSync(folder, { recursive: true });
  });

  it('makes an RS256 and an ES256 key on first use', async () => {
    const { keys } = await keysOf(stores[0]).jwksFor('first');
    assert.deepEqual(
      keys
        .map(({ alg, kty, use }) => `${alg} ${kty} ${use}`)
        .toSorted((a, b) => a.localeCompare(b)),
      ['ES256 EC sig', 'RS256 RSA sig'],
    );
    for (const key of keys) {
      const { alg = '', kid } = key;
      const signer = await importJWK(key, alg);
      const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg }).sign(signer);
      const { d: _d, p: _p, q: _q, dp: _dp, dq: _dq, qi: _qi, ...published } = key;
      assert.ok(await jwtVerify(token, await importJWK(published, alg)));
      assert.match(kid ?? '', /^[\w-]{16}$/);
    }
  });

  it('makes an RSA key of 2048 bits', async () => {
    const { keys } = await keysOf(stores[0]).jwksFor('first');
    const modulus = keys.find(({ alg }) => alg === 'RS256')?.n ?? '';
    assert.equal(Buffer.from(modulus, 'base64url').length, 256);
  });

  it('gives the same keys after a restart', async () => {
    const before = await keysOf(stores[0]).jwksFor('stable');
    const reopened = await open();
    assert.deepEqual(await keysOf(reopened).jwksFor('stable'), before);
    await reopened.close();
  });

  it('gives two nodes that start at once the same keys', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, (_, index) => keysOf(stores[index % 2 ? 0 : 1]).jwksFor('race')),
    );
    for (const jwks of all) assert.deepEqual(jwks, all[0]);
    assert.equal((await stores[0].keys.list('race')).length, 2);
  });

  it('S37 gives no two tenants a key in common', async () => {
    const [one, other] = [
      await keysOf(stores[0]).jwksFor('a'),
      await keysOf(stores[0]).jwksFor('b'),
    ];
    const names = (jwks: typeof one) =>
      jwks.keys.flatMap(({ kid, n, x }) => [kid, n, x].filter(Boolean));
    for (const name of names(one)) assert.ok(!names(other).includes(name));
  });

  it('keeps private parts sealed in the file', async () => {
    const { keys } = await keysOf(stores[0]).jwksFor('sealed');
    const files = readdirSync(folder).map((file) => readFileSync(join(folder, file)));
    const dump = Buffer.concat(files);
    for (const { kid, d } of keys) {
      assert.ok(dump.includes(kid!), 'the dump is what it seems');
      assert.ok(d && !dump.includes(d));
    }
  });

  it("opens no key that was copied from another tenant's row, or under another master key", async () => {
    await keysOf(stores[0]).jwksFor('victim');
    for (const row of await stores[0].keys.list('victim')) {
      assert.ok(await stores[0].keys.insert({ ...row, tenant: 'thief' }));
    }
    await assert.rejects(keysOf(stores[0]).jwksFor('thief'));
    await assert.rejects(keysOf(stores[0], randomBytes(32)).jwksFor('victim'));
  });

  const order = async () => {
    const { keys } = await keysOf(stores[0]).jwksFor('rotated');
    return keys.filter(({ alg }) => alg === 'ES256').map(({ kid }) => kid);
  };

  it('signs with the newest key in force, publishes the next, forgets the retired', async () => {
    const sealer = createSealer(masterKey, 'signing-key');
    const insert = async (kid: string, generation: number, more: Partial<SigningKey>) => {
      const jwk = { kty: 'EC', kid, alg: 'ES256' };
      const sealed = sealer.seal(JSON.stringify(jwk), `signing-key:rotated:${kid}`);
      const key = { tenant: 'rotated', kid, algorithm: 'ES256', generation, sealed } as const;
      const times = { createdAt: START, activeFrom: START, retiredAt: null };
      assert.ok(await stores[0].keys.insert({ ...key, ...times, ...more }));
    };
    await insert('retired', 1, { activeFrom: START - 300, retiredAt: START });
    await insert('old', 2, { activeFrom: START - 200, retiredAt: START + 100 });
    await insert('current', 3, { activeFrom: START - 100 });
    await insert('next', 4, { activeFrom: START + 50 });
    assert.deepEqual(await order(), ['current', 'old', 'next']);
    now = START + 50;
    assert.deepEqual(await order(), ['next', 'current', 'old']);
    now = START + 100;
    assert.deepEqual(await order(), ['next', 'current']);
    now = START;
  });

  const published = async (tenant: string) => {
    const { keys } = await keysOf(stores[1]).jwksFor(tenant);
    return keys.filter(({ alg }) => alg === 'ES256').map(({ kid }) => kid);
  };
  const states = async (tenant: string) => {
    const keys = await keysOf(stores[0]).list(tenant);
    return keys.filter(({ algorithm }) => algorithm === 'ES256').map(({ state }) => state);
  };

  describe('rotate', () => {
    const DAY = 86_400;
    afterEach(() => {
      now = START;
    });

    it('S37 publishes the next key at once, signs with it a day later, gives the old one up a day after', async () => {
      const [first] = await published('turned');
      assert.equal(await keysOf(stores[0]).rotate('turned'), 'rotated');
      const [signing, next] = await published('turned');
      assert.equal(signing, first);
      assert.ok(next);
      assert.deepEqual(await states('turned'), ['signing', 'next']);
      now = START + DAY - 1;
      assert.deepEqual(await published('turned'), [first, next]);
      now = START + DAY;
      assert.deepEqual(await published('turned'), [next, first]);
      assert.deepEqual(await states('turned'), ['published', 'signing']);
      now = START + 2 * DAY;
      assert.deepEqual(await published('turned'), [next]);
      assert.deepEqual(await states('turned'), ['retired', 'signing']);
    });

    it('names another version whenever the set changes', async () => {
      const version = () => keysOf(stores[1]).versionOf('named');
      assert.equal(await version(), '');
      await keysOf(stores[0]).jwksFor('named');
      const versions = [await version()];
      await keysOf(stores[0]).rotate('named');
      versions.push(await version());
      assert.equal(await version(), versions.at(-1));
      for (const at of [START + DAY, START + 2 * DAY]) {
        now = at;
        versions.push(await version());
      }
      assert.equal(new Set(versions).size, 4);
    });

    it('makes no second next key, unless it is to sign at once', async () => {
      const [first] = await published('hasty');
      await keysOf(stores[0]).rotate('hasty');
      assert.equal(await keysOf(stores[0]).rotate('hasty'), 'announced');
      assert.equal((await published('hasty')).length, 2);
      assert.equal(await keysOf(stores[0]).rotate('hasty', true), 'rotated');
      const [signing] = await published('hasty');
      assert.notEqual(signing, first);
      now = START + DAY - 1;
      assert.ok((await published('hasty')).includes(first));
      now = START + DAY;
      assert.equal((await published('hasty'))[0], signing, 'the one announced before never signs');
    });

    it('makes one next key of each algorithm when two rotate at once', async () => {
      await keysOf(stores[0]).jwksFor('both');
      await Promise.all(stores.map((store) => keysOf(store).rotate('both')));
      assert.equal((await stores[0].keys.list('both')).length, 4);
    });

    it('rotates a tenant that had no key to one that signs at once', async () => {
      await keysOf(stores[0]).rotate('fresh');
      assert.deepEqual(await states('fresh'), ['signing']);
    });
  });

  const rows = async (tenant: string) => {
    const keys = await keysOf(stores[0]).list(tenant);
    return keys
      .filter(({ algorithm }) => algorithm === 'ES256')
      .map(({ kid, state }) => [kid, state] as const);
  };

  describe('revoke', () => {
    const DAY = 86_400;
    afterEach(() => {
      now = START;
    });
    it('S37 takes every key that is believed out at once and for good, and signs with new ones', async () => {
      const before = await keysOf(stores[0]).jwksFor('stolen');
      await keysOf(stores[0]).rotate('stolen');
      const done = await keysOf(stores[0]).revoke('stolen');
      assert.equal(done.outcome === 'revoked' && done.revoked.length, 4);
      const after = await keysOf(stores[1]).jwksFor('stolen');
      assert.deepEqual(new Set(after.keys.map(({ alg }) => alg)), new Set(['ES256', 'RS256']));
      for (const { kid } of before.keys) assert.ok(!after.keys.some((key) => key.kid === kid));
      now = START + 3 * DAY;
      assert.deepEqual(await published('stolen'), [after.keys.find((k) => k.alg === 'ES256')?.kid]);
      assert.deepEqual(await states('stolen'), ['revoked', 'revoked', 'signing']);
    });

    it('S37 names another version of the set, so that servers notice', async () => {
      await keysOf(stores[0]).jwksFor('noticed');
      const before = await keysOf(stores[1]).versionOf('noticed');
      await keysOf(stores[0]).revoke('noticed');
      assert.notEqual(await keysOf(stores[1]).versionOf('noticed'), before);
    });

    it('takes the one that is named, and makes a new one only where it signed', async () => {
      await keysOf(stores[0]).jwksFor('named-one');
      await keysOf(stores[0]).rotate('named-one');
      now = START + DAY;
      const [[old], [signing]] = (await rows('named-one')) as unknown as [[string], [string]];
      await keysOf(stores[0]).revoke('named-one', old);
      assert.deepEqual(await rows('named-one'), [
        [old, 'revoked'],
        [signing, 'signing'],
      ]);
      const done = await keysOf(stores[0]).revoke('named-one', signing);
      const [, , [made, state]] = (await rows('named-one')) as [unknown, unknown, string[]];
      assert.equal(state, 'signing');
      assert.ok(done.outcome === 'revoked' && done.signing.some(({ kid }) => kid === made));
      const rsa = (await keysOf(stores[0]).list('named-one')).filter(
        ({ algorithm }) => algorithm === 'RS256',
      );
      assert.deepEqual(
        rsa.map(({ state: of }) => of),
        ['published', 'signing'],
      );
    });

    it('lets a revoked next key retire nothing, and another be announced', async () => {
      await keysOf(stores[0]).jwksFor('early');
      await keysOf(stores[0]).rotate('early');
      const [[signing], [next]] = (await rows('early')) as unknown as [[string], [string]];
      await keysOf(stores[0]).revoke('early', next);
      now = START + 3 * DAY;
      assert.deepEqual(await published('early'), [signing]);
      assert.deepEqual(await states('early'), ['signing', 'revoked']);
    });

    it('knows no key of another tenant, none twice, and none where there is none', async () => {
      const { keys } = await keysOf(stores[0]).jwksFor('mine');
      const kid = keys[0]?.kid;
      assert.deepEqual(await keysOf(stores[0]).revoke('other', kid), { outcome: 'unknown' });
      assert.deepEqual(await keysOf(stores[0]).revoke('empty'), { outcome: 'unknown' });
      assert.equal((await keysOf(stores[0]).revoke('mine', kid)).outcome, 'revoked');
      assert.deepEqual(await keysOf(stores[0]).revoke('mine', kid), { outcome: 'unknown' });
    });

    it('leaves one key that signs per algorithm, whoever revokes, rotates and asks at once', async () => {
      for (let round = 0; round < 4; round += 1) {
        const tenant = `crowd-${round}`;
        const { keys } = await keysOf(stores[0]).jwksFor(tenant);
        const [one, other] = [keysOf(stores[0]), keysOf(stores[1])];
        await Promise.all([
          one.revoke(tenant),
          other.rotate(tenant),
          other.revoke(tenant),
          one.jwksFor(tenant),
          other.revoke(tenant, keys[0]?.kid),
        ]);
        const after = await one.jwksFor(tenant);
        for (const { kid } of keys) assert.ok(!after.keys.some((key) => key.kid === kid));
        const signing = (await one.list(tenant)).filter(({ state }) => state === 'signing');
        assert.deepEqual(
          signing.map(({ algorithm }) => algorithm),
          ['ES256', 'RS256'],
        );
        for (const { kid, algorithm } of signing) {
          assert.equal(after.keys.find(({ alg }) => alg === algorithm)?.kid, kid);
        }
      }
    });

    it('makes a key again for a tenant whose only one was revoked by a process that died', async () => {
      const { keys } = await keysOf(stores[0]).jwksFor('died');
      for (const { kid } of keys) await stores[0].keys.retire('died', kid!, now);
      const after = await keysOf(stores[0]).jwksFor('died');
      assert.equal(after.keys.length, 2);
      assert.ok(!after.keys.some(({ kid }) => keys.some((key) => key.kid === kid)));
    });
  });
});
