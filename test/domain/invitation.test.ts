import assert from 'node:assert/strict';
import {
  type InviterRole,
  isDomainAllowed,
  mayInvite,
  type WhoMayInvite,
} from '../../src/domain/invitation.ts';

const ROLES: readonly InviterRole[] = [
  'guest',
  'member',
  'guestInviter',
  'administrator',
  'application',
];

describe('mayInvite', () => {
  const invites: Readonly<Record<WhoMayInvite, readonly InviterRole[]>> = {
    everyone: ROLES,
    members: ['member', 'guestInviter', 'administrator', 'application'],
    guestInviters: ['guestInviter', 'administrator'],
    nobody: [],
  };
  for (const [who, roles] of Object.entries(invites)) {
    it(`R75 lets ${roles.join(', ') || 'not even an administrator'} invite under ${who}`, () => {
      assert.deepEqual(
        ROLES.filter((role) => mayInvite(who as WhoMayInvite, role)),
        roles,
      );
    });
  }
});

describe('isDomainAllowed', () => {
  const allow = { allow: ['partner.example', 'xn--exmple-cua.com'] };
  const block = { block: ['partner.example'] };

  it('R73 lets every domain in without a list', () => {
    assert.equal(isDomainAllowed(undefined, 'any.example', 'allowed'), true);
  });

  it('R73 lets in what is on the allow list, and nothing else', () => {
    assert.equal(isDomainAllowed(allow, 'partner.example', 'allowed'), true);
    assert.equal(isDomainAllowed(allow, 'xn--exmple-cua.com', 'allowed'), true);
    assert.equal(isDomainAllowed(allow, 'other.example', 'allowed'), false);
    assert.equal(isDomainAllowed({ allow: [] }, 'partner.example', 'allowed'), false);
  });

  it('R73 keeps out what is on the block list, and nothing else', () => {
    assert.equal(isDomainAllowed(block, 'partner.example', 'allowed'), false);
    assert.equal(isDomainAllowed(block, 'other.example', 'allowed'), true);
  });

  it('R73 S50 compares whole domains: no sub-domain, no longer name', () => {
    for (const domain of ['sub.partner.example', 'evilpartner.example', 'partner.example.evil']) {
      assert.equal(isDomainAllowed(allow, domain, 'allowed'), false, domain);
      assert.equal(isDomainAllowed(block, domain, 'allowed'), true, domain);
    }
  });

  it('R74 lets a block list win over access that is allowed', () => {
    assert.equal(isDomainAllowed(block, 'partner.example', 'allowed'), false);
  });

  it('R74 lets blocked access win over an allow list, and over none', () => {
    assert.equal(isDomainAllowed(allow, 'partner.example', 'blocked'), false);
    assert.equal(isDomainAllowed(undefined, 'partner.example', 'blocked'), false);
    assert.equal(isDomainAllowed(block, 'other.example', 'blocked'), false);
  });
});
