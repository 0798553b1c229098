import assert from 'node:assert/strict';
import { claimsByScope, claimsOf, PASSCODE_ACR, PASSCODE_AMR } from '../../src/domain/claims.ts';

const guest = {
  id: 'x8kP0aV9-random-subject',
  tenant: 'a',
  address: 'Teri@gmail.com',
  displayName: 'Teri',
};

describe('claimsOf', () => {
  it('R27 names the real address and the provider mail', () => {
    assert.deepEqual(claimsOf(guest), {
      sub: guest.id,
      tid: 'a',
      idp: 'mail',
      email: 'Teri@gmail.com',
      email_verified: true,
      name: 'Teri',
    });
  });

  it('leaves the name out when there is none', () => {
    assert.equal('name' in claimsOf({ ...guest, displayName: null }), false);
  });

  it('gives nothing that no scope releases', () => {
    const released = new Set(Object.values(claimsByScope).flat());
    for (const claim of Object.keys(claimsOf(guest))) assert.ok(released.has(claim), claim);
  });
});

describe('PASSCODE_ACR and PASSCODE_AMR', () => {
  it('S45 claim mail, and no second factor', () => {
    assert.deepEqual(PASSCODE_AMR, ['otp']);
    assert.doesNotMatch(PASSCODE_ACR, /mfa|aal|multi/i);
  });
});
