import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSubjects } from '../../src/passcodes/subjects.ts';

const request = { tenant: 'a', addressKey: 'g@partner.example', clientAddress: '203.0.113.7' };

describe('createSubjects', () => {
  const key = randomBytes(32);
  const nameSubjects = createSubjects(key);
  const named = nameSubjects(request);
  const at = (clientAddress: string) => nameSubjects({ ...request, clientAddress }).network;

  const known = (over: object) =>
    nameSubjects({ ...request, knownBrowser: 'nonce', ...over }).knownBrowser;

  it('S65 names nobody in clear', () => {
    for (const name of [named.address, named.mailbox, named.network])
      assert.match(name, /^[\w-]{43}$/);
    assert.equal(new Set(Object.values(named)).size, 4);
  });

  it('names the same on every node with the key, and otherwise without it', () => {
    assert.deepEqual(createSubjects(key)(request), named);
    assert.notEqual(createSubjects(randomBytes(32))(request).address, named.address);
  });

  it('S37 tells the address of two tenants apart, and knows the mailbox as one', () => {
    const elsewhere = nameSubjects({ ...request, tenant: 'b' });
    assert.notEqual(elsewhere.address, named.address);
    assert.equal(elsewhere.mailbox, named.mailbox);
  });

  it('S11 names the network, not the client', () => {
    assert.equal(at('::ffff:203.0.113.7'), named.network);
    assert.equal(at('2001:db8::1'), at('2001:db8::2'));
    assert.notEqual(at('2001:db8::1'), at('2001:db8:0:1::1'));
  });

  it('S10 names a known browser under its tenant and address alone', () => {
    assert.match(known({})!, /^[\w-]{43}$/);
    assert.equal(known({ clientAddress: '198.51.100.7' }), known({}));
    assert.notEqual(known({ tenant: 'b' }), known({}));
    assert.notEqual(known({ addressKey: 'h@partner.example' }), known({}));
    assert.equal(named.knownBrowser, undefined);
  });

  it('mixes up no two pairs of tenant and address', () => {
    const one = nameSubjects({ ...request, tenant: 'a', addressKey: 'bg@x.example' });
    const other = nameSubjects({ ...request, tenant: 'ab', addressKey: 'g@x.example' });
    assert.notEqual(one.address, other.address);
  });
});
