import assert from 'node:assert/strict';
import type { KoaContextWithOIDC } from 'oidc-provider';
import { cookieNames } from '../../src/oidc/cookies.ts';
import { createHintedSignOut } from '../../src/oidc/hinted-sign-out.ts';

const NOW = 1_800_000_000;
const OUT = 'https://app.example/out?from=guestpass';

/** A request as the engine has checked it. */
function request(
  payload: object | undefined,
  {
    params = {},
    session = { accountId: 'guest-1', loginTs: NOW, uid: 'uid-1' },
  }: { params?: object; session?: object } = {},
) {
  const cookies: string[] = [];
  const said: string[] = [];
  const destroyed: unknown[] = [];
  const ctx = {
    status: 200,
    location: '',
    redirect(to: string) {
      ctx.location = to;
    },
    cookies: { set: (name: string) => cookies.push(name) },
    oidc: {
      params,
      session: { ...session, destroy: () => Promise.resolve(destroyed.push(session)) },
      entities: payload === undefined ? {} : { IdTokenHint: { payload } },
      provider: { emit: (event: string) => said.push(event) },
      urlFor: (route: string) => `https://guest.example/a/${route}`,
    },
  };
  return { ctx, cookies, said, destroyed };
}

describe('createHintedSignOut', () => {
  const ended: unknown[] = [];
  const signOut = createHintedSignOut({
    namespace: 'a',
    sessions: {
      end: (_provider, owner, uid) => Promise.resolve(ended.push({ ...owner, uid }) > 0),
    },
    subjectOf: (_ctx, accountId) => `sub of ${accountId}`,
    secure: true,
  });
  const answer = (ctx: object): Promise<boolean> => signOut(ctx as KoaContextWithOIDC);
  const hint = { sub: 'sub of guest-1', auth_time: NOW };
  beforeEach(() => ended.splice(0));

  it('S48 ends the session that an ID token of the same sign-in names, and its cookie', async () => {
    const { ctx, cookies, said, destroyed } = request(hint);
    assert.equal(await answer(ctx), true);
    assert.deepEqual(ended, [{ tenant: 'a', id: 'guest-1', uid: 'uid-1' }]);
    assert.equal(destroyed.length, 1, 'or the engine saves it again');
    assert.ok(cookies.includes(cookieNames('a', true).session));
    assert.deepEqual(said, ['end_session.success']);
    assert.deepEqual(
      [ctx.status, ctx.location],
      [303, 'https://guest.example/a/end_session_success'],
    );
  });

  it('returns to the registered address, its own query and state kept', async () => {
    const { ctx } = request(hint, { params: { post_logout_redirect_uri: OUT, state: 'a&b=ü' } });
    assert.equal(await answer(ctx), true);
    const { searchParams } = new URL(ctx.location);
    assert.deepEqual(
      [...searchParams],
      [
        ['from', 'guestpass'],
        ['state', 'a&b=ü'],
      ],
    );
  });

  for (const [name, payload, session] of [
    ['no hint', undefined],
    ['the hint of another guest', { ...hint, sub: 'sub of guest-2' }],
    ['the account’s own name, where the client knows another', { ...hint, sub: 'guest-1' }],
    ['the hint of an earlier sign-in', { ...hint, auth_time: NOW - 1 }],
    ['a hint that does not say of which sign-in', { sub: hint.sub }],
    ['a browser in which nobody is signed in', hint, { uid: 'uid-1' }],
    ['nobody signed in, and a hint of nobody', {}, { uid: 'uid-1' }],
  ] as const) {
    it(`S48 leaves the question to the page: ${name}`, async () => {
      const { ctx, cookies, said } = request(payload, session && { session });
      assert.equal(await answer(ctx), false);
      assert.deepEqual([ended, cookies, said, ctx.location], [[], [], [], '']);
    });
  }
});
