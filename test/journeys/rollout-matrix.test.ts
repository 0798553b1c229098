import assert from 'node:assert/strict';
import { explain } from '../../src/cli/explain.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Guest } from '../../src/storage/store.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import {
  CLIENT,
  giveAddress,
  lookupOf,
  oidcOf,
  startPlace,
  throughPlace,
} from '../support/places.ts';
import { createAccountAt, signInAt, type UpstreamOidc } from '../support/upstream-oidc.ts';
import { startWorld, stores, type World } from '../support/world.ts';

const BEFORE = '2021-12-01T00:00:00Z';
const AFTER = '2022-02-01T00:00:00Z';
const ROLLOUT = '2022-01-15T00:00:00Z';

/** The tenants: passcodes on, passcodes off, nobody decided, nobody decided and a later rollout. */
type TenantId = 'a' | 'b' | 'c' | 'd';

/** What was decided, in the table's words and in the guest's. */
interface Way {
  /** Row of the decision. */
  readonly row: string;
  readonly how: 'passcode' | 'unmanaged' | 'new unmanaged' | 'consumer' | 'new consumer';
}

const BOUND: Readonly<Record<Way['how'], string>> = {
  passcode: 'emailOneTimePasscode@null',
  unmanaged: 'unmanagedAccount@unmanaged',
  'new unmanaged': 'unmanagedAccount@unmanaged',
  consumer: 'consumerAccount@consumer',
  'new consumer': 'consumerAccount@consumer',
};

for (const store of stores) {
  describe(`before and after the rollout, on ${store}`, function () {
    this.timeout(60_000);
    let world: World;
    let unmanaged: UpstreamOidc;
    let consumer: UpstreamOidc;
    let now: string;
    let guests = 0;

    before(async () => {
      unmanaged = await startPlace('Unmanaged');
      consumer = await startPlace('Consumer');
      const places = {
        unmanagedAccounts: {
          displayName: 'Unmanaged',
          oidc: oidcOf(unmanaged),
          members: lookupOf(unmanaged),
        },
        consumerAccounts: {
          displayName: 'Consumer',
          oidc: oidcOf(consumer),
          members: lookupOf(consumer),
        },
      };
      const redemption = { era: 'staged', rolloutAt: ROLLOUT };
      world = await startWorld({
        store,
        clock: () => secondsOf(now),
        tenants: {
          a: { ...places, redemption, emailOneTimePasscode: 'enabled' },
          b: { ...places, redemption, emailOneTimePasscode: 'disabled' },
          c: { ...places, redemption },
          d: { ...places, redemption: { ...redemption, rolloutAt: '2022-03-15T00:00:00Z' } },
        },
      });
      for (const [place, id] of [
        [unmanaged, 'unmanaged'],
        [consumer, 'consumer'],
      ] as const) {
        place.addClient({
          client_id: CLIENT.clientId,
          client_secret: CLIENT.clientSecret,
          redirect_uris: ['a', 'b', 'c', 'd'].map(
            (tenant) => `${world.publicUrl}/${tenant}/signin/federation/${id}/callback`,
          ),
        });
      }
    });
    after(async () => {
      await world.close();
      await Promise.all([unmanaged, consumer].map((place) => place.stop()));
    });
    beforeEach(() => {
      now = BEFORE;
    });

    async function invite(tenant: TenantId): Promise<Guest> {
      guests += 1;
      return world.invite(`guest${guests}@partner.example`, tenant, 'pending');
    }

    /** A guest who redeemed by an unmanaged account, which was before the change. */
    async function inUse(tenant: TenantId): Promise<Guest> {
      const guest = await invite(tenant);
      unmanaged.addAccount({ address: guest.address });
      await signsIn(guest, { row: '5f', how: 'unmanaged' });
      return guest;
    }

    async function resetAndReinvite({ tenant, address, id }: Guest): Promise<void> {
      const { invitations, tenants } = world.server.guests.parts;
      const again = await invitations.create(tenants().byId.get(tenant)!, {
        address: parseEmailAddress(address)!,
        role: 'administrator',
        sendMessage: false,
        resetRedemption: true,
      });
      assert.deepEqual([again.outcome, (await boundTo(tenant, id)).how], ['reset', 'null@null']);
    }

    /** What `explain` says of a guest at the present moment: row and exit code. */
    async function explained({ tenant, address }: Pick<Guest, 'tenant' | 'address'>) {
      const out: string[] = [];
      const code = await explain(
        {
          config: world.folder,
          tenant,
          email: address,
          client: 'docs',
          at: now,
          arrival: 'direct',
        },
        {
          say: () => undefined,
          warn: () => undefined,
          give: (value) => void out.push(JSON.stringify(value)),
        },
      );
      const { decision } = JSON.parse(out.join('')) as { decision: { row: string } };
      return { row: decision.row, code };
    }

    /** Signs in for real, checking that it goes as `explain` says; the guest is bound afterwards. */
    async function signsIn(guest: Guest, { row, how }: Way): Promise<void> {
      const { tenant, address, id } = guest;
      assert.deepEqual(await explained(guest), { row, code: 0 });
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin(tenant)).url));
      const next = await giveAddress(jar, page, address);
      const proven =
        how === 'passcode'
          ? await byPasscode(jar, next, address)
          : await byPlace(jar, next, address, how);
      const done = await world.consent(jar, proven);
      // The ID token is of a past moment, which its reader would not take: the code is enough.
      assert.match(done.location ?? done.text, /^http:\/\/127\.0\.0\.1:9999\/cb\?code=/);
      const bound = await boundTo(tenant, id);
      assert.deepEqual(bound, { state: 'Accepted', how: BOUND[how] });
    }

    async function byPasscode(jar: Jar, page: Answer, address: string): Promise<Answer> {
      assert.equal(heading(page), 'We will email you a code');
      const uid = page.url.href;
      const sent = world.relay.messages.filter((mail) => mail.recipients.includes(address)).length;
      const csrf = hidden(page, 'csrf');
      await jar.follow(await jar.post(`${uid}/send`, { csrf }));
      const code = await world.passcodeFor(address, sent);
      return jar.follow(await jar.post(`${uid}/passcode`, { csrf, code }));
    }

    async function byPlace(
      jar: Jar,
      left: Answer,
      address: string,
      how: Exclude<Way['how'], 'passcode'>,
    ): Promise<Answer> {
      const place = how.endsWith('consumer') ? consumer : unmanaged;
      assert.ok(left.location?.startsWith(place.issuer), left.location ?? left.text);
      const isNew = how.startsWith('new');
      const { searchParams } = new URL(left.location ?? '');
      assert.equal(searchParams.get('prompt'), isNew ? 'create' : null);
      return throughPlace(jar, left, address, isNew ? createAccountAt : signInAt);
    }

    async function boundTo(tenant: string, id: string) {
      const guest = await world.server.guests.parts.store.guests.find(tenant, id);
      return { state: guest?.state, how: `${guest?.method}@${guest?.connection}` };
    }

    it('M1 keeps the unmanaged account of a guest who uses it, before, passcodes on', async () => {
      const guest = await inUse('a');
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M2 lets a guest who was reset redeem by the unmanaged account, before, on', async () => {
      const guest = await inUse('a');
      await resetAndReinvite(guest);
      await signsIn(guest, { row: '5f', how: 'unmanaged' });
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M3 mails a passcode to a guest without an account, before, on', async () => {
      const guest = await invite('a');
      await signsIn(guest, { row: '9', how: 'passcode' });
    });

    it('M4 keeps the unmanaged account of a guest who uses it, before, off', async () => {
      const guest = await inUse('b');
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M5 lets a guest who was reset redeem by the unmanaged account, before, off', async () => {
      const guest = await inUse('b');
      await resetAndReinvite(guest);
      await signsIn(guest, { row: '5f', how: 'unmanaged' });
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M6 has a guest without an account make an unmanaged one, before, off', async () => {
      const guest = await invite('b');
      await signsIn(guest, { row: '12c', how: 'new unmanaged' });
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M6 ends in an error on a direct link for whoever was not added before', async () => {
      const stranger = { tenant: 'b', address: 'stranger@partner.example' };
      assert.deepEqual(await explained(stranger), { row: '2a', code: 1 });
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin('b')).url));
      // Strangers are led where a guest would be: only the proof says that they are none (S62).
      const left = await giveAddress(jar, page, stranger.address);
      const refused = await throughPlace(jar, left, stranger.address, createAccountAt);
      assert.equal(refused.status, 403);
    });

    it('M7 keeps the unmanaged account of a guest who uses it, after, on', async () => {
      const guest = await inUse('a');
      now = AFTER;
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M8 mails a passcode to a guest who was reset, from now on, after, on', async () => {
      const guest = await inUse('a');
      now = AFTER;
      await resetAndReinvite(guest);
      await signsIn(guest, { row: '9', how: 'passcode' });
      await signsIn(guest, { row: '4c', how: 'passcode' });
    });

    it('M9 mails a passcode to a guest without an account, from now on, after, on', async () => {
      now = AFTER;
      const guest = await invite('a');
      await signsIn(guest, { row: '9', how: 'passcode' });
      await signsIn(guest, { row: '4c', how: 'passcode' });
    });

    it('M10 keeps the unmanaged account of a guest who uses it, after, off', async () => {
      const guest = await inUse('b');
      now = AFTER;
      await signsIn(guest, { row: '4e', how: 'unmanaged' });
    });

    it('M11 has a guest who was reset make a consumer account, after, off', async () => {
      const guest = await inUse('b');
      now = AFTER;
      await resetAndReinvite(guest);
      await signsIn(guest, { row: '13a', how: 'new consumer' });
      await signsIn(guest, { row: '4e', how: 'consumer' });
    });

    it('M12 has a guest without an account make a consumer account, after, off', async () => {
      now = AFTER;
      const guest = await invite('b');
      await signsIn(guest, { row: '13a', how: 'new consumer' });
      await signsIn(guest, { row: '4e', how: 'consumer' });
    });

    it('R40 has nobody make an unmanaged account after the change, whatever is set', async () => {
      now = AFTER;
      const before = made(unmanaged);
      await signsIn(await invite('a'), { row: '9', how: 'passcode' });
      await signsIn(await invite('b'), { row: '13a', how: 'new consumer' });
      await signsIn(await invite('c'), { row: '9', how: 'passcode' });
      assert.equal(made(unmanaged), before);
    });

    it('R37 turns the automatic setting on at the instant of each tenant, not the nominal one', async () => {
      // Both are past 1 November 2021, and neither region has been reached.
      await signsIn(await invite('c'), { row: '12c', how: 'new unmanaged' });
      await signsIn(await invite('d'), { row: '12c', how: 'new unmanaged' });
      now = AFTER;
      await signsIn(await invite('c'), { row: '9', how: 'passcode' });
      await signsIn(await invite('d'), { row: '12c', how: 'new unmanaged' });
    });

    it('R37 turns it on in the very second, and not one before', async () => {
      const guest = await invite('c');
      now = '2022-01-14T23:59:59Z';
      assert.deepEqual(await explained(guest), { row: '12c', code: 0 });
      now = ROLLOUT;
      await signsIn(guest, { row: '9', how: 'passcode' });
    });
  });
}

function secondsOf(instant: string): number {
  return Date.parse(instant) / 1000;
}

/** How many times guests were sent to make an account. */
function made(place: UpstreamOidc): number {
  return place.authorizations().filter((asked) => asked.get('prompt') === 'create').length;
}
