import assert from 'node:assert/strict';
import { coversDomain, GOOGLE_DOMAINS, idpOf } from '../../src/domain/identity-provider.ts';

describe('GOOGLE_DOMAINS', () => {
  it("R48 are Google's own mailboxes, and no Workspace domain", () => {
    assert.deepEqual(GOOGLE_DOMAINS, ['gmail.com', 'googlemail.com']);
    assert.ok(Object.isFrozen(GOOGLE_DOMAINS));
  });
});

describe('idpOf', () => {
  it('R27 calls the passcode mail, and Google google.com', () => {
    assert.equal(idpOf('emailOneTimePasscode', null), 'mail');
    assert.equal(idpOf('google', 'https://accounts.google.com'), 'google.com');
  });

  it('R27 names other places by their own issuer', () => {
    const issuer = 'https://login.partner.example';
    for (const method of [
      'homeDirectory',
      'externalFederation',
      'consumerAccount',
      'unmanagedAccount',
    ] as const) {
      assert.equal(idpOf(method, issuer), issuer);
    }
  });

  it('calls a place without an issuer by its method', () => {
    assert.equal(idpOf('externalFederation', null), 'externalFederation');
  });
});

describe('coversDomain', () => {
  const domains = ['partner.example', 'partner.net'];

  it('R47 covers each of many domains', () => {
    for (const domain of domains) assert.equal(coversDomain({ domains }, domain), true);
  });

  it('S50 covers no sub-domain, no longer name, and no domain by another spelling', () => {
    for (const domain of [
      'sub.partner.example',
      'evilpartner.example',
      'partner.example.evil',
      'PARTNER.example',
      'partner.example.',
      'example',
      '',
    ]) {
      assert.equal(coversDomain({ domains }, domain), false, domain);
    }
  });

  it('covers every domain where accounts belong to their owners', () => {
    assert.equal(coversDomain({ domains: 'any' }, 'x.example'), true);
  });
});
