import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { maskNetwork, networkOf } from '../../src/domain/network.ts';

describe('networkOf', () => {
  it('S11 takes each IPv4 address for a network', () => {
    assert.equal(networkOf('203.0.113.7'), '203.0.113.7');
    assert.notEqual(networkOf('203.0.113.7'), networkOf('203.0.113.8'));
  });

  it('S11 takes an IPv4 address in IPv6 clothing for the same network', () => {
    assert.equal(networkOf('::ffff:203.0.113.7'), '203.0.113.7');
    assert.equal(networkOf('::FFFF:203.0.113.7'), '203.0.113.7');
  });

  it('S11 counts a whole IPv6 /64 as one, however it is written', () => {
    const same = [
      '2001:db8:0:1::',
      '2001:DB8::1:aaaa:bbbb:cccc:dddd',
      '2001:0db8:0000:0001::9%eth0',
    ];
    for (const address of same) assert.equal(networkOf(address), '2001:db8:0:1::/64', address);
    assert.equal(networkOf('2001:db8:0:2::1'), '2001:db8:0:2::/64');
    assert.equal(networkOf('::1'), '0:0:0:0::/64');
  });

  it('keeps anything else apart and short', () => {
    assert.equal(networkOf(''), 'unknown:');
    assert.equal(networkOf('nonsense'), 'unknown:nonsense');
    assert.ok(networkOf('x'.repeat(1000)).length < 64);
  });

  it('never throws', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9a-f:.%]{0,50}$/));
    fc.assert(fc.property(text, (address) => assert.ok(networkOf(address))));
  });

  it('gives every address of a /64 the same network', () => {
    const group = fc.integer({ min: 0, max: 0xffff }).map((value) => value.toString(16));
    const four = fc.array(group, { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(four, four, four, (prefix, one, other) => {
        const [first, second] = [one, other].map((rest) =>
          networkOf([...prefix, ...rest].join(':')),
        );
        assert.equal(first, second);
      }),
    );
  });
});

describe('maskNetwork', () => {
  it('hides the end', () => {
    assert.equal(maskNetwork('203.0.113.7'), '203.0.113.x');
    assert.equal(maskNetwork('::ffff:203.0.113.7'), '203.0.113.x');
    assert.equal(maskNetwork('2001:db8:0:1:2:3:4:5'), '2001:db8:0:1:x');
    assert.equal(maskNetwork('<script>'), 'x');
  });
});
