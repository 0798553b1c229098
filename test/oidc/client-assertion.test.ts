import assert from 'node:assert/strict';
import type { Client, KoaContextWithOIDC } from 'oidc-provider';
import { createAssertClientClaims } from '../../src/oidc/client-assertion.ts';

const NOW = 1_800_000_000;
const ISSUER = 'https://guest.example/a/v2.0';

describe('createAssertClientClaims', () => {
  const judge = createAssertClientClaims(() => NOW);
  const ctx = { oidc: { issuer: ISSUER } } as unknown as KoaContextWithOIDC;
  const claims = { aud: ISSUER, exp: NOW + 300 };
  const assert_ = (given: Record<string, string | number | string[]>): void => {
    void judge(ctx, { ...claims, ...given }, {}, {} as Client);
  };

  it('S49 takes an assertion for this issuer that ends within five minutes', () => {
    assert.doesNotThrow(() => assert_({}));
  });

  const wrong = {
    'one that lasts longer': { exp: NOW + 301 },
    'one that lasts for ever': { exp: Number.MAX_SAFE_INTEGER },
    'an end that is no number': { exp: 'later' },
    'another issuer': { aud: 'https://guest.example/b/v2.0' },
    'a second audience': { aud: [ISSUER, 'https://evil.example'] },
    'a list of one': { aud: [ISSUER] },
    'the token endpoint': { aud: `${ISSUER}/token` },
  };
  for (const [what, given] of Object.entries(wrong)) {
    it(`S49 refuses ${what}`, () => {
      assert.throws(() => assert_(given), { error: 'invalid_client' });
    });
  }
});
