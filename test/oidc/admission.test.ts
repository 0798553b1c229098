import assert from 'node:assert/strict';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { createAdmission } from '../../src/oidc/admission.ts';

describe('createAdmission', () => {
  let now = 1_800_000_000;
  const clock = (): number => now;

  it('S59 T92 takes so many of a network in a minute, then none until the next one', () => {
    const admit = createAdmission(3, clock);
    for (let times = 0; times < 3; times += 1) admit(request('192.0.2.1').ctx);
    now += 20;
    const { ctx, headers } = request('192.0.2.1');
    assert.throws(() => admit(ctx), { code: 'throttled', status: 429, allow_redirect: false });
    assert.equal(headers.get('Retry-After'), '40');
    now += 40;
    assert.doesNotThrow(() => admit(request('192.0.2.1').ctx));
  });

  it('S59 counts each network by itself, an IPv6 one by its /64', () => {
    const admit = createAdmission(1, clock);
    admit(request('192.0.2.1').ctx);
    admit(request('192.0.2.2').ctx);
    admit(request('2001:db8::1').ctx);
    assert.throws(() => admit(request('2001:db8::2').ctx));
    assert.doesNotThrow(() => admit(request('2001:db8:0:1::1').ctx));
  });

  it('does not count a sign-in twice that comes back from its pages', () => {
    const admit = createAdmission(1, clock);
    admit(request('192.0.2.1').ctx);
    for (let times = 0; times < 3; times += 1) admit(request('192.0.2.1', 'resume').ctx);
  });
});

function request(ip: string, route = 'authorization') {
  const headers = new Map<string, string>();
  const set = (name: string, value: string): unknown => headers.set(name, value);
  return { headers, ctx: { ip, oidc: { route }, set } as unknown as KoaContextWithOIDC };
}
