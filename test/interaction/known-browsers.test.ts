import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createAcquaintance } from '../../src/interaction/known-browsers.ts';
import type { Visit } from '../../src/interaction/visit.ts';
import { createKnownBrowsers } from '../../src/passcodes/known-browser.ts';
import type { Guest } from '../../src/storage/store.ts';

const NOW = 1_800_000_000;
const KEY = 'teri@partner.example';

const visit = (over: object = {}): Visit =>
  ({ tenant: { id: 'a' }, knownBrowser: undefined, invited: undefined, ...over }) as Visit;

describe('createAcquaintance', () => {
  const acquaintance = createAcquaintance({
    knownBrowsers: createKnownBrowsers([randomBytes(32)]),
    clock: () => NOW,
  });
  const guest = { id: 'g1', addressKey: KEY, revokedAt: null, invitationId: 'i1' } as Guest;
  const token = acquaintance.tokenAfter(visit(), KEY, guest, 'emailOneTimePasscode')!;
  const known = visit({ knownBrowser: token });

  it('S10 recognises the browser a guest has signed in with, and no other', () => {
    assert.equal(acquaintance.recognise(known, KEY, guest)?.by, 'cookie');
    assert.equal(acquaintance.recognise(visit(), KEY, guest), undefined);
    assert.equal(acquaintance.recognise(known, 'bo@partner.example', guest), undefined);
    assert.equal(acquaintance.recognise(known, KEY, { ...guest, id: 'g2' }), undefined);
    assert.equal(acquaintance.recognise(known, KEY, undefined), undefined, 'blocked or a stranger');
    const elsewhere = visit({ knownBrowser: token, tenant: { id: 'b' } });
    assert.equal(acquaintance.recognise(elsewhere, KEY, guest), undefined);
  });

  it('S10 R68 recognises it no more after what the guest had was ended', () => {
    assert.equal(acquaintance.recognise(known, KEY, { ...guest, revokedAt: NOW }), undefined);
  });

  it('S10 recognises the link of an invitation until it is accepted, for its own address', () => {
    const invited = (state: string, over = {}) =>
      visit({ invited: { guest: { ...guest, ...over }, state } });
    const open = acquaintance.recognise(invited('open'), KEY, guest);
    assert.deepEqual(open, { by: 'invitation', name: 'by i1' });
    for (const [of, key] of [
      [invited('accepted'), KEY],
      [invited('expired'), KEY],
      [invited('open'), 'bo@partner.example'],
      [invited('open', { invitationId: null }), KEY],
    ] as const) {
      assert.equal(acquaintance.recognise(of, key, guest), undefined);
    }
  });

  it('S10 makes known who came by passcode alone', () => {
    assert.equal(acquaintance.tokenAfter(visit(), KEY, guest, 'google'), undefined);
    assert.equal(acquaintance.tokenAfter(known, KEY, guest, 'emailOneTimePasscode'), undefined);
    const other = { ...guest, id: 'g2' };
    const taken = acquaintance.tokenAfter(known, KEY, other, 'emailOneTimePasscode')!;
    assert.notEqual(taken.split('.')[1], token.split('.')[1]);
  });
});
