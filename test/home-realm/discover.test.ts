import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Connection } from '../../src/domain/identity-provider.ts';
import { defaultRedemption, type Tenant } from '../../src/domain/tenant.ts';
import { createDiscover, type Discover } from '../../src/home-realm/discover.ts';
import { createOutboundFetch } from '../../src/outbound/fetch.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Guest, Store } from '../../src/storage/store.ts';
import { connectionOf, type Place, startPlace } from './place.ts';

const NOW = 1_800_000_000;
const PENDING = { state: 'PendingAcceptance', method: null, connection: null } as const;
const OPEN = { ...PENDING, connectionExists: true, wasReset: false, invitation: 'open' } as const;

describe('createDiscover', () => {
  let folder: string;
  let store: Store;
  let discover: Discover;
  let directory: Place;
  let consumers: Place;
  let now = NOW;
  let tenants = 0;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'guestpass-home-realm-'));
    store = await openStore({ kind: 'sqlite', file: join(folder, 'g.db') });
    directory = await startPlace();
    consumers = await startPlace();
    const fetch = createOutboundFetch({ allowLoopback: true });
    discover = createDiscover({ guests: store.guests, fetch, clock: () => now });
  });
  beforeEach(() => {
    now = NOW;
    for (const place of [directory, consumers]) {
      place.asked.length = 0;
      place.answers.clear();
    }
  });
  after(async () => {
    directory.close();
    consumers.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });

  function tenantOf(connections: readonly Connection[] = [], more: Partial<Tenant> = {}): Tenant {
    return {
      id: `t${(tenants += 1)}`,
      displayName: 'Fabrikam',
      verifiedDomains: [],
      emailOneTimePasscode: 'default',
      clients: [],
      connections,
      ...more,
    };
  }

  async function invite(
    tenant: Tenant,
    address: string,
    more: Partial<Guest> = {},
  ): Promise<Guest> {
    const parsed = parseEmailAddress(address)!;
    const { guest } = await store.guests.invite({
      tenant: tenant.id,
      id: `${tenant.id}-${parsed.key}`.slice(0, 22),
      address: parsed.address,
      addressKey: parsed.key,
      displayName: null,
      invitedBy: null,
      ...PENDING,
      kind: 'invited',
      identity: null,
      idp: null,
      invitationId: null,
      invitationExpiresAt: null,
      invitation: null,
      invitedAt: NOW - 10,
      redeemedAt: null,
      blockedAt: null,
      resetAt: null,
      revokedAt: null,
      removedAt: null,
      ...more,
    });
    return guest;
  }

  async function redeem(guest: Guest, method: Guest['method'], connection: string | null) {
    const binding = { method: method!, connection, identity: connection && guest.id, idp: 'x' };
    assert.equal(await store.guests.redeem(guest.tenant, guest.id, binding, NOW), 'redeemed');
  }

  async function addAddress(guest: Guest, address: string) {
    const { key } = parseEmailAddress(address)!;
    const other = { address, addressKey: key };
    assert.equal(await store.guests.addAddress(guest.tenant, guest.id, other), true);
  }

  const at = (tenant: Tenant, address: string, more: object = {}) =>
    discover({
      tenant,
      clientId: undefined,
      address: parseEmailAddress(address)!,
      arrival: 'direct',
      ...more,
    });
  const factsAt = async (tenant: Tenant, address: string, more: object = {}) =>
    (await at(tenant, address, more)).facts;

  const homeByLookUp = () =>
    connectionOf('homeDirectory', 'contoso', { members: directory.members });
  const consumerByLookUp = () =>
    connectionOf('consumerAccount', 'consumer', {
      domains: 'any',
      members: consumers.members,
      consumerDomains: ['outlook.com'],
    });
  const unmanagedByLookUp = () =>
    connectionOf('unmanagedAccount', 'unmanaged', {
      domains: 'any',
      members: directory.members,
      refusedDomains: ['strict.example'],
    });

  describe('guests', () => {
    it('R58 finds whoever was invited by the address, in any case', async () => {
      const tenant = tenantOf();
      const guest = await invite(tenant, 'g@partner.example');
      const found = await at(tenant, 'G@PARTNER.example');
      assert.equal(found.guest?.id, guest.id);
      assert.deepEqual(found.facts.guest, OPEN);
    });

    it('R58 finds a guest by another address of theirs', async () => {
      const tenant = tenantOf();
      const guest = await invite(tenant, 'g@partner.example');
      await addAddress(guest, 'grace@partner.net');
      assert.equal((await at(tenant, 'grace@partner.net')).guest?.id, guest.id);
    });

    it('R58 finds whoever was invited by an alias, when they type their sign-in name', async () => {
      const tenant = tenantOf([homeByLookUp()]);
      const guest = await invite(tenant, 'grace@contoso.com');
      const answer = { member: true, userPrincipalName: 'g@contoso.com' };
      directory.answers.set('g@contoso.com', [
        200,
        { ...answer, aliases: ['x@contoso.net', 'grace@contoso.com'] },
      ]);
      const found = await at(tenant, 'g@contoso.com');
      assert.equal(found.guest?.id, guest.id);
      assert.equal(found.facts.home?.match, 'userPrincipalName');
    });

    it('R57 R58 finds whoever was invited by sign-in name, when they type an alias', async () => {
      const account = { userPrincipalName: 'g@contoso.com', aliases: ['grace@contoso.com'] };
      const accounts = new Map([
        ['g@contoso.com', account],
        ['grace@contoso.com', account],
      ]);
      const members = { by: 'accounts', accounts } as const;
      const tenant = tenantOf([connectionOf('homeDirectory', 'contoso', { members })]);
      const guest = await invite(tenant, 'g@contoso.com');
      const found = await at(tenant, 'grace@contoso.com');
      assert.equal(found.guest?.id, guest.id);
      assert.deepEqual(found.facts.home, {
        connection: 'contoso',
        match: 'alias',
        userPrincipalName: 'g@contoso.com',
      });
    });

    it('S50 finds nobody by a name the directory has no right to', async () => {
      const tenant = tenantOf([homeByLookUp()]);
      await invite(tenant, 'boss@fabrikam.com');
      const names = { userPrincipalName: 'boss@fabrikam.com', aliases: ['boss@fabrikam.com'] };
      directory.answers.set('evil@contoso.com', [200, { member: true, ...names }]);
      assert.equal((await at(tenant, 'evil@contoso.com')).guest, undefined);
    });

    it('R58 prefers whoever was invited by the typed address to all others', async () => {
      const tenant = tenantOf([homeByLookUp()]);
      const typed = await invite(tenant, 'grace@contoso.com');
      await invite(tenant, 'g@contoso.com');
      const answer = { member: true, userPrincipalName: 'g@contoso.com' };
      directory.answers.set('grace@contoso.com', [200, answer]);
      assert.equal((await at(tenant, 'grace@contoso.com')).guest?.id, typed.id);
    });

    it('S33 finds nobody of another tenant', async () => {
      await invite(tenantOf(), 'g@partner.example');
      const found = await at(tenantOf(), 'g@partner.example');
      assert.deepEqual([found.guest, found.facts.guest], [undefined, null]);
    });

    it('takes the blocked for nobody, and still says who it is', async () => {
      const tenant = tenantOf();
      const guest = await invite(tenant, 'g@partner.example');
      await redeem(guest, 'emailOneTimePasscode', null);
      await store.guests.setBlocked(tenant.id, guest.id, NOW, true);
      const found = await at(tenant, 'g@partner.example');
      assert.deepEqual([found.guest?.id, found.facts.guest], [guest.id, null]);
    });

    it('S55 judges by the clock whether the invitation has ended', async () => {
      const tenant = tenantOf();
      await invite(tenant, 'g@partner.example', { invitationExpiresAt: NOW + 1 });
      assert.equal((await factsAt(tenant, 'g@partner.example')).guest?.invitation, 'open');
      now = NOW + 1;
      assert.equal((await factsAt(tenant, 'g@partner.example')).guest?.invitation, 'expired');
    });

    it('R7 says whether the place of a redeemed guest is still there', async () => {
      const federation = connectionOf('externalFederation', 'partner');
      const tenant = tenantOf([federation]);
      const guest = await invite(tenant, 'g@contoso.com');
      await redeem(guest, 'externalFederation', 'partner');
      const exists = async (connections: readonly Connection[]) =>
        (await factsAt({ ...tenant, connections }, 'g@contoso.com')).guest?.connectionExists;
      assert.equal(await exists([federation]), true);
      assert.equal(await exists([]), false);
    });

    it('S51 does not let another place inherit the guests of an id', async () => {
      const tenant = tenantOf([connectionOf('homeDirectory', 'partner')]);
      const guest = await invite(tenant, 'g@contoso.com');
      await redeem(guest, 'externalFederation', 'partner');
      assert.equal((await factsAt(tenant, 'g@contoso.com')).guest?.connectionExists, false);
    });

    it('R68 says that a guest was reset', async () => {
      const tenant = tenantOf();
      await invite(tenant, 'g@partner.example', { resetAt: NOW - 1 });
      assert.equal((await factsAt(tenant, 'g@partner.example')).guest?.wasReset, true);
    });
  });

  describe('places', () => {
    it('R47 finds one federation by each of its domains', async () => {
      const tenant = tenantOf([connectionOf('externalFederation', 'partner')]);
      for (const domain of ['contoso.com', 'contoso.net']) {
        assert.equal((await factsAt(tenant, `g@${domain}`)).federation, 'partner');
      }
    });

    it('R47 S50 finds nothing by a sub-domain or a longer name', async () => {
      const tenant = tenantOf([
        connectionOf('externalFederation', 'partner'),
        connectionOf('homeDirectory', 'contoso'),
      ]);
      for (const domain of ['sub.contoso.com', 'evilcontoso.com', 'contoso.com.evil.example']) {
        const facts = await factsAt(tenant, `g@${domain}`);
        assert.deepEqual([facts.federation, facts.home], [null, null], domain);
      }
    });

    it('R48 finds Google for gmail.com and googlemail.com, and nothing else', async () => {
      const tenant = tenantOf([connectionOf('google', 'google', { domains: 'any' })]);
      for (const domain of ['gmail.com', 'googlemail.com']) {
        assert.equal((await factsAt(tenant, `teri@${domain}`)).google, 'google', domain);
      }
      for (const domain of ['google.com', 'mail.gmail.com', 'xgmail.com', 'workspace.example']) {
        assert.equal((await factsAt(tenant, `teri@${domain}`)).google, null, domain);
      }
      assert.equal((await factsAt(tenantOf(), 'teri@gmail.com')).google, null);
    });

    it('R9 knows who is missing from a partly synchronised directory', async () => {
      const tenant = tenantOf([homeByLookUp()]);
      assert.equal((await factsAt(tenant, 'new@contoso.com')).home?.match, 'none');
      assert.deepEqual(directory.asked, ['new@contoso.com']);
    });

    it('R46 says that a directory could not be asked', async () => {
      const tenant = tenantOf([homeByLookUp()]);
      directory.answers.set('g@contoso.com', [500, '']);
      assert.equal((await factsAt(tenant, 'g@contoso.com')).home?.match, 'unknown');
    });

    it('R46 asks for a consumer account of the same name', async () => {
      const tenant = tenantOf([homeByLookUp(), consumerByLookUp()]);
      directory.answers.set('g@contoso.com', [200, { member: true }]);
      consumers.answers.set('g@contoso.com', [200, { member: true }]);
      const { consumer } = await factsAt(tenant, 'g@contoso.com');
      assert.deepEqual(consumer, { connection: 'consumer', answer: 'account' });
    });

    it('R73 R74 judges the domain by the list and by inbound access', async () => {
      const open = connectionOf('homeDirectory', 'contoso');
      const blocked = connectionOf('homeDirectory', 'contoso', { inbound: 'blocked' });
      const allow = { domainList: { allow: ['contoso.com'] } };
      const block = { domainList: { block: ['contoso.com'] } };
      const allowed = async (place: Connection, more: Partial<Tenant>) =>
        (await factsAt(tenantOf([place], more), 'g@contoso.com')).domainAllowed;
      assert.equal(await allowed(open, {}), true);
      assert.equal(await allowed(open, block), false);
      assert.equal(await allowed(blocked, allow), false);
      assert.equal((await factsAt(tenantOf([], allow), 'g@other.example')).domainAllowed, false);
    });

    it('R43 knows a partner of the other government cloud', async () => {
      for (const regionScope of ['USG', 'USGOV', undefined]) {
        const home = connectionOf('homeDirectory', 'contoso', { regionScope });
        const { partnerCloudUnsupported } = await factsAt(tenantOf([home]), 'g@contoso.com');
        assert.equal(partnerCloudUnsupported, regionScope === 'USG', regionScope);
      }
    });

    it('R10 R11 goes by what is said of the client', async () => {
      const clientPolicies = { docs: { selfServiceSignUp: true, emailOneTimePasscode: true } };
      const tenant = tenantOf([], { clientPolicies });
      const signUp = async (clientId: string | undefined) =>
        (await factsAt(tenant, 'g@partner.example', { clientId })).selfService;
      assert.deepEqual([await signUp('docs'), await signUp(undefined)], [true, false]);
    });

    it('M6 knows consumer domains, and domains that refuse unmanaged accounts', async () => {
      const home = connectionOf('homeDirectory', 'contoso');
      const tenant = tenantOf([home, consumerByLookUp(), unmanagedByLookUp()]);
      const kinds = async (address: string) => {
        const { consumerDomain, unmanagedRefused } = await factsAt(tenant, address);
        return { consumerDomain, unmanagedRefused };
      };
      const plain = { consumerDomain: false, unmanagedRefused: false };
      assert.deepEqual(await kinds('g@partner.example'), plain);
      assert.deepEqual(await kinds('g@outlook.com'), { ...plain, consumerDomain: true });
      assert.deepEqual(await kinds('g@strict.example'), { ...plain, unmanagedRefused: true });
      assert.deepEqual(await kinds('g@contoso.com'), { ...plain, unmanagedRefused: true });
    });
  });

  describe('questions', () => {
    it('R7 asks nobody about a guest who has redeemed', async () => {
      const tenant = tenantOf([homeByLookUp(), consumerByLookUp()]);
      const guest = await invite(tenant, 'g@contoso.com');
      await redeem(guest, 'emailOneTimePasscode', null);
      const { home, consumer } = await factsAt(tenant, 'g@contoso.com');
      assert.deepEqual([home?.match, consumer.answer], ['unasked', 'unasked']);
      assert.deepEqual([directory.asked, consumers.asked], [[], []]);
    });

    it('R7 asks no further when the directory names a guest who has redeemed', async () => {
      const tenant = tenantOf([homeByLookUp(), consumerByLookUp()]);
      const guest = await invite(tenant, 'g@contoso.com');
      await redeem(guest, 'emailOneTimePasscode', null);
      const answer = { member: true, aliases: ['g@contoso.com'] };
      directory.answers.set('grace@contoso.com', [200, answer]);
      const found = await at(tenant, 'grace@contoso.com');
      assert.equal(found.facts.guest?.state, 'Accepted');
      assert.deepEqual(consumers.asked, []);
    });

    it('asks nobody whose answer cannot matter', async () => {
      const federation = connectionOf('externalFederation', 'partner');
      const order = ['externalFederation', 'homeDirectory'] as const;
      const redemption = { ...defaultRedemption, order };
      const connections = [homeByLookUp(), federation, consumerByLookUp(), unmanagedByLookUp()];
      const tenant = tenantOf(connections, { redemption });
      const facts = await factsAt(tenant, 'g@contoso.com');
      assert.equal(facts.home?.match, 'unasked');
      assert.deepEqual(facts.unmanaged, { connection: 'unmanaged', answer: 'unasked' });
      assert.deepEqual([directory.asked, consumers.asked], [[], []]);
    });

    it('M2 asks for unmanaged accounts in era staged', async () => {
      const redemption = { ...defaultRedemption, era: 'staged' } as const;
      const tenant = tenantOf([unmanagedByLookUp()], { redemption });
      directory.answers.set('g@partner.example', [200, { member: true }]);
      const { unmanaged } = await factsAt(tenant, 'g@partner.example');
      assert.deepEqual(unmanaged, { connection: 'unmanaged', answer: 'account' });
    });

    it('S62 asks the same about strangers, guests, the blocked, and ended invitations', async () => {
      const redemption = { ...defaultRedemption, era: 'staged' } as const;
      const connections = [homeByLookUp(), consumerByLookUp(), unmanagedByLookUp()];
      const tenant = tenantOf(connections, { redemption });
      await invite(tenant, 'pending@contoso.com');
      await invite(tenant, 'ended@contoso.com', { invitationExpiresAt: NOW - 1 });
      await invite(tenant, 'reset@contoso.com', { resetAt: NOW - 1 });
      const blocked = await invite(tenant, 'blocked@contoso.com');
      await redeem(blocked, 'emailOneTimePasscode', null);
      await store.guests.setBlocked(tenant.id, blocked.id, NOW, true);
      const removed = await invite(tenant, 'removed@contoso.com');
      await store.guests.remove(tenant.id, removed.id, NOW);
      for (const name of ['stranger', 'pending', 'ended', 'reset', 'blocked', 'removed']) {
        directory.asked.length = 0;
        consumers.asked.length = 0;
        const address = `${name}@contoso.com`;
        await at(tenant, address);
        assert.deepEqual(directory.asked, [address, address], name);
        assert.deepEqual(consumers.asked, [address], name);
      }
    });
  });
});
