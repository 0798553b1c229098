import assert from 'node:assert/strict';
import { hidden } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { counted, wrongCodes } from './evidence.ts';
import {
  type Browser,
  buildFortress,
  type CodePage,
  type Fortress,
  tenantFile,
} from './fortress.ts';

const REQUESTS = 1000;
/** Sign-ins that are shot at, ten times each. */
const DOORS = 100;
const AT_A_TIME = 25;
const LIMITS = {
  sendsPerNetworkPer15Minutes: 20,
  sendsPerTenantPerHour: DOORS,
  failuresPerTenantPerDay: 200,
  failuresPerInstancePerDay: 350,
};

for (const store of stores) {
  describe(`a thousand requests at once against one budget, on ${store}`, function () {
    this.timeout(300_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await buildFortress({
        store,
        atDawn: true,
        settings: { limits: LIMITS },
        tenants: Object.fromEntries(TENANTS.map((id) => [id, tenantFile(id)])),
      });
    });
    after(() => fortress.close());

    it('S11 T17 Send code from one network, then from a thousand: mails as many as the network, then the tenant has, exactly', async () => {
      const addresses = names(DOORS + 20, 'letter');
      const doors = await each(addresses, async (address) => {
        await fortress.invite(address, 'letters');
        const browser = fortress.browser();
        const page = await fortress.choose(browser, address, await fortress.begin('letters'));
        return { browser, page };
      });
      const press = async (network?: string): Promise<Readonly<Record<number, number>>> =>
        statusesOf(
          await Promise.all(
            Array.from({ length: REQUESTS }, async (_, index) => {
              const { browser, page } = doors[index % doors.length]!;
              const form = { csrf: hidden(page, 'csrf') };
              const own = from(browser, network);
              return own.follow(await own.post(`${page.url.href}/send`, form));
            }),
          ),
        );
      const { network } = fortress.browser();
      assert.deepEqual(await press(network), { 200: 20, 429: REQUESTS - 20 });
      assert.equal(await counted(fortress, 'send.network.quarter'), 20);
      assert.deepEqual(await press(), { 200: DOORS - 20, 429: REQUESTS - DOORS + 20 });
      assert.equal(await counted(fortress, 'send.tenant.hour', 'letters'), DOORS);
      assert.equal(await rowsOf('passcodes', 'letters'), DOORS);
      assert.equal(await rowsOf('outbox', 'letters'), DOORS);
      const elsewhere = await fortress.choose(
        fortress.browser(),
        addresses[0]!,
        await fortress.begin('b'),
      );
      assert.match(elsewhere.text, /action="[^"]*\/send"/);
    });

    it('S11 S8 Send code for one address from a hundred sign-ins and networks: five mails, exactly', async () => {
      const address = 'bombed@partner.example';
      await fortress.invite(address, 'bomb');
      const doors = await each(names(DOORS, 'x'), async () => {
        const browser = fortress.browser();
        const page = await fortress.choose(browser, address, await fortress.begin('bomb'));
        return { browser, page };
      });
      const answers = await Promise.all(
        Array.from({ length: REQUESTS }, async (_, index) => {
          const { browser, page } = doors[index % doors.length]!;
          const form = { csrf: hidden(page, 'csrf') };
          return browser.follow(await browser.post(`${page.url.href}/send`, form));
        }),
      );
      assert.deepEqual(statusesOf(answers), { 200: 5, 429: REQUESTS - 5 });
      await fortress.codeFor(address, 5);
      assert.equal(fortress.mailsTo(address), 5);
    });

    it('S11 S9 wrong codes from one network, then from hundreds, then at other tenants: as many are compared as network, tenant and installation have, exactly', async () => {
      const one = await openDoors('one', DOORS);
      const { network } = fortress.browser();
      await guess(one, network);
      assert.equal(await counted(fortress, 'failure.network.day'), 100);
      assert.equal(await compared('one'), 100);
      await guess(one);
      assert.equal(await counted(fortress, 'failure.tenant.day', 'one'), 200);
      assert.equal(await compared('one'), 200);
      // The tenant's are spent, others' are not: their codes are still short, and are compared.
      const others = [
        ...(await openDoors('two', DOORS / 2)),
        ...(await openDoors('three', DOORS / 2)),
      ];
      assert.ok(others.every(({ code }) => /^\d{8}$/.test(code)));
      await guess(others);
      assert.equal(await counted(fortress, 'failure.instance.day'), 350);
      assert.equal((await compared('two')) + (await compared('three')), 150);
      // Nobody is locked out by it: the next code is long, and works.
      const [after] = await openDoors('four', 1);
      assert.match(after!.code, /^[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}$/);
      assert.match((await after!.door.type(after!.code)).location ?? '', /[?&]code=/);
    });

    async function openDoors(tenant: string, count: number) {
      return each(names(count, tenant), async (address) => {
        await fortress.invite(address, tenant);
        const browser = fortress.browser();
        const door = await fortress.walkToCode(browser, address, await fortress.begin(tenant));
        return { browser, door, code: await fortress.codeFor(address) };
      });
    }

    /** A thousand wrong codes at once, no two at the same sign-in next to each other. */
    async function guess(
      doors: readonly { browser: Browser; door: CodePage; code: string }[],
      network?: string,
    ): Promise<void> {
      const answers = await Promise.all(
        Array.from({ length: REQUESTS }, (_, index) => {
          const { browser, door, code } = doors[index % doors.length]!;
          const [wrong] = wrongCodes(code, 1);
          return door.submit(wrong!, from(browser, network));
        }),
      );
      assert.deepEqual(statusesOf(answers), { 303: REQUESTS });
    }

    /** How many codes were compared at a tenant: what the sign-ins say, not what the budgets say. */
    async function compared(tenant: string): Promise<number> {
      const row = await fortress.sql.get<{ n: number }>(
        'SELECT SUM(attempts) AS n FROM sign_ins WHERE tenant = ?',
        [tenant],
      );
      return Number(row?.n);
    }

    async function rowsOf(table: 'passcodes' | 'outbox', tenant: string): Promise<number> {
      const row = await fortress.sql.get<{ n: number }>(
        `SELECT COUNT(*) AS n FROM ${table} WHERE tenant = ?`,
        [tenant],
      );
      return Number(row?.n);
    }

    /** The same cookies, from another network or one's own. */
    function from(browser: Browser, network?: string): Browser {
      if (network === undefined) return browser;
      const moved = fortress.browser(network);
      for (const [key, cookie] of browser.cookies) moved.cookies.set(key, cookie);
      return moved;
    }
  });
}

const TENANTS = ['letters', 'bomb', 'one', 'two', 'three', 'four'];

function names(count: number, of: string): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${of}${index}@partner.example`);
}

/** So many at a time: all at once would be a flood of its own. */
async function each<T, R>(items: readonly T[], use: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const waiting = [...items.entries()];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      results[next[0]] = await use(next[1]);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return results;
}

function statusesOf(answers: readonly { readonly status: number }[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}
