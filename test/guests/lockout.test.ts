import assert from 'node:assert/strict';
import type { Tenant } from '../../src/domain/tenant.ts';
import { describeLockout } from '../../src/guests/lockout.ts';
import { findLockouts } from '../../src/guests/lockout-find.ts';
import { previewLockout } from '../../src/guests/lockout-preview.ts';
import type { GuestCount } from '../../src/storage/store.ts';
import { home, oidc, tenantOf } from '../tenants/tenant-file.ts';

const NOW = 1_800_000_000;

const pending = (count: number, domain = 'partner.example'): GuestCount => ({
  state: 'PendingAcceptance',
  method: null,
  connection: null,
  domain,
  blocked: false,
  count,
});
const bound = (
  count: number,
  method: GuestCount['method'],
  connection: string | null = null,
  domain = 'partner.example',
): GuestCount => ({ state: 'Accepted', method, connection, domain, blocked: false, count });

const byPasscode = bound(214, 'emailOneTimePasscode');
const federation = `federations:\n${home('partner', 'partner.example, partner.net')}`;
const consumers = `consumerAccounts: { displayName: C, ${oidc}, members: { lookup: { url: https://c.example/, token: { env: UP } } } }`;

const told = (tenant: Tenant | undefined, ...counts: readonly GuestCount[]) =>
  findLockouts(tenant, counts, NOW).map(({ effect, ...rest }) => [
    effect,
    describeLockout({ effect, ...rest }),
  ]);

const client = (more: string): string =>
  `clients: [{ client_id: docs, client_secret: { env: UP }, redirect_uris: [https://d.example/cb]${more} }]`;

async function preview(
  before: string,
  after: string | undefined,
  ...counts: readonly GuestCount[]
): Promise<readonly string[]> {
  const next = after === undefined ? undefined : await tenantOf(after);
  return previewLockout(await tenantOf(before), next, counts, NOW).map(describeLockout);
}

describe('previewLockout', () => {
  it('R41 counts who redeemed by passcode when passcodes are turned off, with the way back', async () => {
    const lines = await preview('', `emailOneTimePasscode: disabled\n${consumers}`, byPasscode);
    assert.deepEqual(lines, [
      '214 guests redeemed by passcode could no longer sign in: passcodes are off; reset them so that ' +
        'they redeem again: guestpass guests reset EMAIL --tenant a ' +
        '(guestpass guests list --tenant a --method emailOneTimePasscode names them)',
    ]);
  });

  it('R41 says nothing of who was locked out before, or is blocked, or is nobody', async () => {
    const off = `emailOneTimePasscode: disabled\n${consumers}`;
    assert.deepEqual(await preview(off, `${off}\nsupport: a@a.example`, byPasscode), []);
    assert.deepEqual(await preview('', off, { ...byPasscode, blocked: true }), []);
    assert.deepEqual(await preview('', off), []);
    assert.deepEqual(await preview(off, 'emailOneTimePasscode: enabled', byPasscode), []);
  });

  it('R41 counts them also where the default turns out to mean off', async () => {
    const gov = 'redemption: { cloud: gov }';
    assert.match((await preview('', gov, byPasscode))[0]!, /^214 guests redeemed by passcode/);
    const later =
      'redemption: { era: staged, rolloutAt: 2050-01-01T00:00:00Z }\nemailOneTimePasscode: default';
    assert.match((await preview('', later, byPasscode))[0]!, /^214 guests redeemed by passcode/);
  });

  it('R11 counts passcode guests of an application that stops taking them', async () => {
    const lines = await preview(
      client(''),
      client(', guests: { emailOneTimePasscode: false }'),
      byPasscode,
    );
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /could not open the application docs: it takes no passcode guests/);
  });

  it('R11 counts nobody at an application that takes no passcodes when they are turned on', async () => {
    const strict = client(', guests: { emailOneTimePasscode: false }');
    const off = `emailOneTimePasscode: disabled\n${consumers}\n${strict}`;
    assert.deepEqual(await preview(off, `${consumers}\n${strict}`, byPasscode), []);
  });

  it('says by which method those redeemed whom it counts, and none for who has not', async () => {
    const off = await tenantOf('emailOneTimePasscode: disabled');
    const found = findLockouts(off, [byPasscode, pending(5), bound(3, 'google', 'google')], NOW);
    assert.deepEqual(
      found.map(({ effect, count, method }) => [effect, count, method]),
      [
        ['locked_out', 214, 'emailOneTimePasscode'],
        ['locked_out', 3, 'google'],
        ['cannot_redeem', 5, null],
      ],
    );
  });

  it('R7 counts who is bound to a connection that is taken away', async () => {
    const guest = bound(1, 'externalFederation', 'partner');
    const lines = await preview(federation, '', guest, byPasscode);
    assert.equal(lines.length, 1);
    assert.match(
      lines[0]!,
      /^1 guest redeemed by externalFederation at partner could no longer sign in: externalFederation partner is not configured; configure it again, or reset them/,
    );
  });

  it('S51 counts them as well when the id comes to name a place of another kind', async () => {
    const after = `homeDirectories:\n${home('partner', 'partner.example')}`;
    const lines = await preview(federation, after, bound(3, 'externalFederation', 'partner'));
    assert.match(lines[0]!, /^3 guests redeemed by externalFederation at partner/);
  });

  it('S50 counts who is bound to accounts of another issuer', async () => {
    const after = federation.replace('login.contoso.com', 'else.contoso.com');
    const lines = await preview(federation, after, bound(3, 'externalFederation', 'partner'));
    assert.match(lines[0]!, /accounts of https:\/\/else\.contoso\.com are not theirs/);
    assert.equal(lines.length, 1);
    assert.deepEqual(await preview(federation, after, byPasscode), []);
  });

  it('S50 counts who is of a domain a connection may no longer speak for', async () => {
    const after = federation.replace(', partner.net', '');
    const counts = [
      bound(3, 'externalFederation', 'partner'),
      bound(2, 'externalFederation', 'partner', 'partner.net'),
    ];
    const lines = await preview(federation, after, ...counts);
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^2 guests redeemed .* it may not speak for partner\.net; put the/);
  });

  it('R40 counts who is bound to an unmanaged account when era current begins', async () => {
    const unmanaged = consumers.replace('consumerAccounts', 'unmanagedAccounts');
    const before = `redemption: { era: staged }\n${unmanaged}`;
    const guest = bound(4, 'unmanagedAccount', 'unmanaged');
    const lines = await preview(before, '', guest);
    assert.match(lines[0]!, /^4 guests redeemed by unmanagedAccount at unmanaged/);
    const now = { ...(await tenantOf(before)), redemption: undefined as never };
    assert.match(findLockouts(now, [guest], NOW)[0]!.because, /over in era current/);
  });

  it('R73 counts only who has not redeemed when a domain list is tightened', async () => {
    const lines = await preview('', 'domains: { block: [gone.example] }', byPasscode, {
      ...byPasscode,
      domain: 'gone.example',
    });
    assert.deepEqual(lines, []);
    const more = ['a', 'b', 'c', 'd', 'e'].map((name) => pending(2, `${name}.example`));
    assert.deepEqual(await preview('', 'domains: { allow: [e.example] }', ...more), [
      '8 guests of a.example, b.example, c.example and 1 more who have not redeemed could not: ' +
        'the domain is not allowed; allow it, or withdraw them: guestpass invitations withdraw EMAIL --tenant a',
    ]);
  });

  it('R54 counts invited guests for whom no provider is left', async () => {
    const off = `emailOneTimePasscode: disabled\n${federation}`;
    const lines = await preview(federation, off, pending(5), pending(6, 'else.example'));
    assert.deepEqual(lines, [
      '6 guests of else.example who have not redeemed could not: no provider is left for them; ' +
        'enable emailOneTimePasscode, or add consumerAccounts',
    ]);
  });

  it('R73 counts nobody twice whose domain is refused and for whom no provider is left', async () => {
    const off = `emailOneTimePasscode: disabled\n${federation}\ndomains: { block: [else.example] }`;
    const lines = await preview(federation, off, pending(6, 'else.example'));
    assert.equal(lines.length, 1);
    assert.match(lines[0]!, /^6 guests of else\.example .* the domain is not allowed/);
  });

  it('R53 says of another order whom it can touch: those who have not redeemed', async () => {
    const after = 'redemption: { order: [externalFederation] }';
    assert.deepEqual(await preview('', after, pending(5), byPasscode), [
      '5 guests who have not redeemed may get another door: redemption.order changes; ' +
        'whoever has redeemed is not touched',
    ]);
    assert.deepEqual(await preview('', after, byPasscode), []);
  });

  it('R55 locks out no guest of consumer accounts that are off for new redemptions', async () => {
    const after = `${consumers}\nredemption: { fallback: [emailOneTimePasscode] }`;
    const guest = bound(7, 'consumerAccount', 'consumer');
    assert.deepEqual(await preview(consumers, after, guest), []);
    assert.match(
      (await preview(consumers, '', guest))[0]!,
      /^7 guests redeemed by consumerAccount/,
    );
  });

  it('names an application that is taken away, and locks out nobody for it', async () => {
    assert.deepEqual(await preview(client(', client_name: Docs'), '', byPasscode), [
      'the application docs (Docs) is gone, and nobody signs in to it; no guest is locked out of the others',
    ]);
  });

  it('counts everybody of a tenant that is taken away', async () => {
    const lines = await preview('', undefined, byPasscode, pending(6));
    assert.match(lines[0]!, /^220 guests of the tenant could no longer sign in/);
  });
});

describe('findLockouts', () => {
  it('R41 finds whom a configuration locks out, whatever was before', async () => {
    const off = await tenantOf(`emailOneTimePasscode: disabled\n${consumers}`);
    const [[effect, line] = []] = told(off, byPasscode, pending(3));
    assert.equal(effect, 'locked_out');
    assert.match(line!, /^214 guests redeemed by passcode/);
    assert.deepEqual(told(await tenantOf(''), byPasscode, pending(3)), []);
    assert.equal(told(undefined, byPasscode)[0]?.[0], 'locked_out');
  });
});
