import assert from 'node:assert/strict';
import type { KoaContextWithOIDC } from 'oidc-provider';
import type { Directory } from '../../src/guests/directory.ts';
import { createFindAccount, guestOf } from '../../src/oidc/account.ts';
import type { Guest } from '../../src/storage/store.ts';

const guest: Guest = {
  tenant: 'a',
  id: 'guest-1',
  address: 'G@partner.example',
  addressKey: 'g@partner.example',
  displayName: null,
  invitedBy: null,
  state: 'Accepted',
  kind: 'invited',
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
  invitationId: null,
  invitationExpiresAt: null,
  invitation: null,
  invitedAt: 1,
  redeemedAt: 2,
  blockedAt: null,
  resetAt: null,
  revokedAt: null,
  removedAt: null,
};

const asked: (readonly [string | undefined, string])[] = [];
/** A request with only what is read of it. */
const requestOf = (oidc: object) => ({ oidc }) as unknown as KoaContextWithOIDC;
const directory = {
  findBySubject: (tenant: string | undefined, subject: string) => {
    asked.push([tenant, subject]);
    return Promise.resolve(subject === guest.id ? guest : undefined);
  },
} as unknown as Directory;
const ctx = requestOf({});

describe('createFindAccount', () => {
  it('gives the account of a guest with its claims', async () => {
    const account = await createFindAccount(directory, 'a')(ctx, guest.id);
    assert.equal(account?.accountId, guest.id);
    const claims = await account?.claims('id_token', '', {}, []);
    assert.deepEqual(
      [claims?.sub, claims?.['email'], claims?.['tid']],
      [guest.id, guest.address, 'a'],
    );
  });

  it('S33 asks within the tenant of the issuer', async () => {
    asked.length = 0;
    await createFindAccount(directory, 'a')(ctx, guest.id);
    await createFindAccount(directory, undefined)(ctx, guest.id);
    assert.deepEqual(asked, [
      ['a', guest.id],
      [undefined, guest.id],
    ]);
  });

  it('S29 gives no account for a guest who may not sign in', async () => {
    assert.equal(await createFindAccount(directory, 'a')(ctx, 'blocked'), undefined);
  });
});

describe('guestOf', () => {
  it('finds the guest of an account of ours, and none in another', async () => {
    const account = await createFindAccount(directory, 'a')(ctx, guest.id);
    assert.equal(guestOf(requestOf({ account })), guest);
    assert.equal(guestOf(requestOf({ account: { accountId: 'x' } })), undefined);
    assert.equal(guestOf(requestOf({ account: undefined })), undefined);
  });
});
