import assert from 'node:assert/strict';
import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import * as fc from 'fast-check';
import { createGuardedLookup, isCallable } from '../../src/outbound/address.ts';
import { OutboundError } from '../../src/outbound/fetch.ts';

const INSIDE =
  `0.0.0.0 0.1.2.3 10.0.0.1 10.255.255.255 100.64.0.1 100.127.255.255 127.0.0.1 127.255.255.254
  169.254.169.254 172.16.0.1 172.31.255.255 192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1
  198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.255 240.0.0.1 255.255.255.255
  :: ::1 ::7f00:1 ::ffff:127.0.0.1 ::ffff:7f00:1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:8.8.8.8
  64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1 2001:0:7f00:1::1 2001:db8::1 2002:7f00:1:: 3fff::1 5f00::1
  fc00::1 fd00:ec2::254 fdff::1 fe80::1 febf::1 fec0::1 ff02::1`.split(/\s+/);
const PUBLIC =
  `1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.1 100.63.255.255 100.128.0.1 126.255.255.255 128.0.0.1
  169.253.255.255 169.255.0.1 172.15.255.255 172.32.0.1 192.167.255.255 192.169.0.1 198.17.255.255
  198.20.0.1 223.255.255.255 2606:4700:4700::1111 2001:4860:4860::8888 2a00:1450:4001:80b::200e`.split(
    /\s+/,
  );

/** A name as DNS has it: these addresses, whoever asks. */
function named(...addresses: readonly string[]): LookupFunction {
  const found: LookupAddress[] = addresses.map((address) => ({
    address,
    family: address.includes(':') ? 6 : 4,
  }));
  return (_hostname, _options, done) => done(null, found);
}

function lookUp(
  lookup: LookupFunction,
  all = true,
): Promise<string | LookupAddress[] | Error | undefined> {
  return new Promise((resolve) => {
    lookup('name.example', { all }, (error, found) => resolve(error ?? found));
  });
}

describe('isCallable', () => {
  for (const address of INSIDE) {
    it(`S53 refuses ${address}`, () => assert.equal(isCallable(address, false), false));
  }
  for (const address of PUBLIC) {
    it(`S53 allows ${address}`, () => assert.equal(isCallable(address, false), true));
  }

  it('S53 allows loopback, and no more of the inside, where the installation is loopback', () => {
    const allowed = INSIDE.filter((address) => isCallable(address, true));
    assert.deepEqual(allowed, ['127.0.0.1', '127.255.255.254', '::1']);
    assert.deepEqual(
      PUBLIC.filter((address) => !isCallable(address, true)),
      [],
    );
  });

  it('S53 refuses what is no address, and every IPv4 address written as IPv6', () => {
    for (const text of ['', 'localhost', '127.1', '0x7f.0.0.1', '[::1]', '1.1.1.1 ', '8.8.8.8/8']) {
      assert.equal(isCallable(text, true), false, text);
    }
    fc.assert(fc.property(fc.ipV4(), (address) => !isCallable(`::ffff:${address}`, true)));
  });

  it('S53 refuses every address of a private network', () => {
    const octet = fc.nat(255);
    fc.assert(
      fc.property(octet, octet, octet, (a, b, c) => {
        const inside = [`10.${a}.${b}.${c}`, `192.168.${b}.${c}`, `172.${16 + (a % 16)}.${b}.${c}`];
        return inside.every((address) => !isCallable(address, true));
      }),
    );
  });
});

describe('createGuardedLookup', () => {
  it('T76 refuses a name of an inside address, alone or behind a public one', async () => {
    for (const addresses of [
      ['169.254.169.254'],
      ['1.1.1.1', '10.0.0.1'],
      ['::1', '1.1.1.1'],
      [],
    ]) {
      const refused = await lookUp(createGuardedLookup(false, named(...addresses)));
      assert.ok(refused instanceof OutboundError, addresses.join());
      assert.equal(refused.reason, 'address');
    }
  });

  it('T76 judges every answer of a name that changes its mind', async () => {
    let asked = 0;
    const rebinding: LookupFunction = (hostname, options, done) => {
      asked += 1;
      named(asked === 1 ? '1.1.1.1' : '127.0.0.1')(hostname, options, done);
    };
    const guarded = createGuardedLookup(false, rebinding);
    assert.deepEqual(await lookUp(guarded), [{ address: '1.1.1.1', family: 4 }]);
    assert.ok((await lookUp(guarded)) instanceof OutboundError);
  });

  it('gives public addresses as the socket asks for them', async () => {
    const guarded = createGuardedLookup(false, named('2606:4700:4700::1111', '1.1.1.1'));
    assert.equal(await lookUp(guarded, false), '2606:4700:4700::1111');
    assert.deepEqual(await lookUp(guarded), [
      { address: '2606:4700:4700::1111', family: 6 },
      { address: '1.1.1.1', family: 4 },
    ]);
  });

  it('passes on that a name does not exist', async () => {
    const missing = Object.assign(new Error('no such name'), { code: 'ENOTFOUND' });
    const guarded = createGuardedLookup(false, (_hostname, _options, done) => done(missing, []));
    assert.equal(await lookUp(guarded), missing);
  });
});
