import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { createCsrf } from '../../src/http/security.ts';
import { runs } from '../support/fuzz.ts';

const ORIGIN = 'https://guest.example';
const csrf = createCsrf(Buffer.alloc(32, 7));
const name = fc.string({ unit: 'binary', maxLength: 12 });

function accepts(token: string | undefined, uid: string, browser: string, from: object = {}) {
  const evidence = { origin: ORIGIN, secFetchSite: 'same-origin', token, ...from };
  return csrf.accepts(evidence, ORIGIN, uid, browser);
}

describe('a form token, whatever becomes of it', () => {
  it('S26 is refused with any one character put in, taken out or changed', () => {
    const change = fc.tuple(fc.nat(43), fc.nat(1), fc.string({ unit: 'binary', maxLength: 1 }));
    fc.assert(
      fc.property(name, name, change, (uid, browser, [at, out, put]) => {
        const token = csrf.token(uid, browser);
        assert.equal(accepts(token, uid, browser), true);
        const changed = token.slice(0, at) + put + token.slice(at + out);
        assert.equal(accepts(changed, uid, browser), changed === token);
      }),
      runs(1000),
    );
  });

  it('S26 is good for its own sign-in and browser alone, however the two are put together', () => {
    fc.assert(
      fc.property(name, name, fc.nat(24), (uid, browser, at) => {
        const token = csrf.token(uid, browser);
        const together = uid + browser;
        const [left, right] = [together.slice(0, at), together.slice(at)];
        // A lone surrogate becomes U+FFFD in UTF-8: two such texts are one.
        fc.pre(together.isWellFormed() && left.isWellFormed() && right.isWellFormed());
        assert.equal(accepts(token, left, right), left === uid && right === browser);
      }),
      runs(1000),
    );
  });

  it('S26 does not help a post of another origin, or none, whatever its headers say', () => {
    const foreign = fc.oneof(
      name.map((origin) => ({ origin })),
      fc
        .constantFrom('null', `${ORIGIN}.evil`, `${ORIGIN}/`, ORIGIN.toUpperCase())
        .map((origin) => ({
          origin,
        })),
      fc
        .oneof(fc.constantFrom('cross-site', 'same-site', 'Same-Origin', ''), name)
        .filter((site) => site !== 'same-origin' && site !== 'none')
        .map((secFetchSite) => ({ secFetchSite })),
      fc.constant({ token: undefined }),
    );
    fc.assert(
      fc.property(name, name, foreign, (uid, browser, from) => {
        assert.equal(accepts(csrf.token(uid, browser), uid, browser, from), false);
      }),
      runs(500),
    );
  });
});
