import assert from 'node:assert/strict';
import { decidedOf, heldOf } from '../../src/interaction/doors.ts';

const decided = { addressKey: 'victim@partner.example', facts: {}, decision: {}, door: null };
const decision = JSON.stringify({ ...decided, guest: 'id-of-the-victim' });

describe('decidedOf', () => {
  it('gives the decision about the address of the sign-in', () => {
    const found = decidedOf({ addressKey: 'victim@partner.example', decision });
    assert.equal(found?.guest, 'id-of-the-victim');
    assert.equal(decidedOf({ addressKey: 'victim@partner.example', decision: null }), undefined);
    assert.equal(decidedOf(undefined), undefined);
  });

  it('S51 brings no decision about one guest to the address of another', () => {
    assert.equal(decidedOf({ addressKey: 'attacker@partner.example', decision }), undefined);
  });

  it('takes what was proven before the address was known for no decision', () => {
    const held = JSON.stringify({ held: { method: 'google', connection: 'google' } });
    assert.equal(decidedOf({ addressKey: 'teri@gmail.com', decision: held }), undefined);
    assert.equal(heldOf({ decision: held })?.connection, 'google');
    assert.equal(heldOf({ decision }), undefined);
  });
});
