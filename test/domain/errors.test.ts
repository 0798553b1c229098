import assert from 'node:assert/strict';
import { type ErrorCode, errorTable, GuestError } from '../../src/domain/errors.ts';

/** What OAuth and OpenID Connect register for the `error` parameter, of those in use here. */
const REGISTERED = new Set([
  'invalid_request',
  'access_denied',
  'temporarily_unavailable',
  'server_error',
]);

describe('errorTable', () => {
  for (const [code, { status, expose, oauth }] of Object.entries(errorTable)) {
    it(`${code} is an HTTP error and a registered OAuth one`, () => {
      assert.ok(status >= 400 && status < 600);
      assert.ok(REGISTERED.has(oauth));
      assert.match(code, /^[a-z_]+$/);
      // What happened inside is nobody's business outside (S65).
      if (status === 500) assert.equal(expose, false);
    });
  }
});

describe('the vocabulary', () => {
  it('R17 has a code of its own for every way a request can lack its tenant', () => {
    for (const code of ['tenant_missing', 'tenant_unknown', 'tenant_conflict'] as const) {
      assert.equal(errorTable[code].oauth, 'invalid_request');
      assert.equal(errorTable[code].status, 400);
    }
  });

  it('R18 has a code of its own for every way a guest can be turned away', () => {
    const turnedAway: readonly ErrorCode[] = [
      'not_invited',
      'invitation_expired',
      'domain_not_allowed',
      'cloud_unsupported',
      'method_unavailable',
      'no_method',
      'passcode_disabled',
      'identity_other',
      'guest_unavailable',
    ];
    for (const code of turnedAway) {
      const { status, oauth, expose } = errorTable[code];
      assert.deepEqual([status, oauth, expose], [403, 'access_denied', true], code);
    }
  });
});

describe('GuestError', () => {
  it('carries what Koa reads, from the table', () => {
    for (const code of Object.keys(errorTable) as ErrorCode[]) {
      const error = new GuestError(code);
      assert.equal(error.status, errorTable[code].status);
      assert.equal(error.expose, errorTable[code].expose);
      assert.equal(error.message, code);
      assert.deepEqual(error.detail, {});
    }
  });

  it('keeps cause, detail and the time to wait', () => {
    const cause = new Error('disk');
    const error = new GuestError('throttled', {
      cause,
      detail: { scope: 'x' },
      retryAfterSeconds: 9,
    });
    assert.equal(error.cause, cause);
    assert.deepEqual(error.detail, { scope: 'x' });
    assert.equal(error.retryAfterSeconds, 9);
    assert.equal('cause' in new GuestError('throttled'), false);
  });
});
