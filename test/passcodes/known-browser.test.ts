import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createKnownBrowsers, KNOWN_BROWSER_SECONDS } from '../../src/passcodes/known-browser.ts';

const NOW = 1_800_000_000;
const DAY = 86_400;
const OWNER = { tenant: 'a', addressKey: 'teri@partner.example', guest: 'g1', revokedAt: null };

describe('createKnownBrowsers', () => {
  const key = randomBytes(32);
  const known = createKnownBrowsers([key]);
  const token = known.renew(undefined, OWNER, NOW)!;

  it('S10 knows a browser again for 90 days, on every node with the key', () => {
    const again = createKnownBrowsers([key]);
    const nonce = token.split('.')[1];
    assert.deepEqual(again.read(token, OWNER, NOW), { nonce, madeAt: NOW });
    assert.ok(again.read(token, OWNER, NOW + KNOWN_BROWSER_SECONDS - 1));
    assert.equal(again.read(token, OWNER, NOW + KNOWN_BROWSER_SECONDS), undefined);
    assert.equal(KNOWN_BROWSER_SECONDS, 90 * DAY);
  });

  const others = {
    'another tenant': { ...OWNER, tenant: 'b' },
    'another address': { ...OWNER, addressKey: 'bo@partner.example' },
    'a guest invited anew to the address': { ...OWNER, guest: 'g2' },
    'the guest after a reset, a block or a sign-out everywhere': { ...OWNER, revokedAt: NOW },
    'parts that only read the same': { ...OWNER, tenant: 'at', addressKey: 'eri@partner.example' },
  };
  for (const [whose, owner] of Object.entries(others)) {
    it(`S10 knows nothing for ${whose}`, () => {
      assert.equal(known.read(token, owner, NOW), undefined);
    });
  }

  it('S10 says neither address nor tenant, and holds 128 random bits', () => {
    assert.doesNotMatch(token, /teri|partner|@/);
    const nonces = Array.from(
      { length: 50 },
      () => known.renew(undefined, OWNER, NOW)!.split('.')[1]!,
    );
    assert.equal(new Set(nonces).size, 50);
    for (const nonce of nonces) assert.equal(Buffer.from(nonce, 'base64url').length, 16);
  });

  it('S10 believes nothing that was changed, cut or made with another key', () => {
    const [version, nonce, time, seal] = token.split('.') as [string, string, string, string];
    const forged = [
      '',
      'x',
      [version, nonce, time].join('.'),
      [version, nonce, (NOW + 1).toString(36), seal].join('.'),
      [version, randomBytes(16).toString('base64url'), time, seal].join('.'),
      [version, nonce, time, seal.replace(/^./, (first) => (first === 'A' ? 'B' : 'A'))].join('.'),
      ['1', nonce, time, seal].join('.'),
      ['999', nonce, time, seal].join('.'),
      `${token}.`,
      createKnownBrowsers([randomBytes(32)]).renew(undefined, OWNER, NOW)!,
    ];
    for (const text of forged) assert.equal(known.read(text, OWNER, NOW), undefined, text);
  });

  it('is known by an old key for as long as that one is kept', () => {
    const next = createKnownBrowsers([key, randomBytes(32)]);
    assert.ok(next.read(token, OWNER, NOW));
    assert.match(next.renew(token, OWNER, NOW + DAY)!, /^1\./);
  });

  it('S10 renews after a day and keeps the name, so that no pool begins anew', () => {
    assert.equal(known.renew(token, OWNER, NOW + DAY - 1), undefined);
    const renewed = known.renew(token, OWNER, NOW + DAY)!;
    assert.equal(renewed.split('.')[1], token.split('.')[1]);
    assert.ok(known.read(renewed, OWNER, NOW + DAY + KNOWN_BROWSER_SECONDS - 1));
    const other = known.renew(token, { ...OWNER, guest: 'g2' }, NOW)!;
    assert.notEqual(other.split('.')[1], token.split('.')[1]);
  });
});
