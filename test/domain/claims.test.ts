import assert from 'node:assert/strict';
import {
  ACR_VALUES,
  acrOf,
  claimsByScope,
  claimsOf,
  FEDERATED_ACR,
  PASSCODE_ACR,
  PASSCODE_AMR,
} from '../../src/domain/claims.ts';

const guest = {
  id: 'x8kP0aV9-random-subject',
  tenant: 'a',
  address: 'Teri@gmail.com',
  displayName: 'Teri',
  idp: null,
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

  it('R27 names the place that authenticated the guest', () => {
    const { idp } = claimsOf({ ...guest, idp: 'https://login.contoso.com' });
    assert.equal(idp, 'https://login.contoso.com');
  });

  it('leaves the name out when there is none', () => {
    assert.equal('name' in claimsOf({ ...guest, displayName: null }), false);
  });

  it('gives nothing that no scope releases', () => {
    const released = new Set(Object.values(claimsByScope).flat());
    for (const claim of Object.keys(claimsOf(guest))) assert.ok(released.has(claim), claim);
  });
});

describe('claimsByScope', () => {
  it('R28 releases who, where, how and when to every application, address and name by their scopes', () => {
    assert.deepEqual(claimsByScope, {
      openid: ['sub', 'tid', 'idp', 'auth_time', 'acr', 'amr'],
      email: ['email', 'email_verified'],
      profile: ['name'],
    });
  });
});

describe('ACR_VALUES', () => {
  it('are the names that applications compare with', () => {
    assert.deepEqual(ACR_VALUES, ['urn:guestpass:acr:email-otp', 'urn:guestpass:acr:federated']);
    assert.deepEqual(ACR_VALUES, [PASSCODE_ACR, FEDERATED_ACR]);
  });
});

describe('acrOf', () => {
  it('R28 S45 tells mail from other places, and claims no strength of either', () => {
    assert.equal(acrOf('emailOneTimePasscode'), PASSCODE_ACR);
    assert.equal(acrOf('google'), acrOf('homeDirectory'));
    assert.notEqual(acrOf('google'), PASSCODE_ACR);
    assert.doesNotMatch(acrOf('google'), /mfa|aal|multi/i);
  });
});

describe('PASSCODE_ACR and PASSCODE_AMR', () => {
  it('S45 claim mail, and no second factor', () => {
    assert.deepEqual(PASSCODE_AMR, ['otp']);
    assert.doesNotMatch(PASSCODE_ACR, /mfa|aal|multi/i);
  });
});
