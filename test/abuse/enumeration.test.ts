import assert from 'node:assert/strict';
import type { Answer } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { type Browser, type Fortress, fortressOf } from './fortress.ts';
import { compareTimes, isTold, MOST_APART_MS } from './timing.ts';

/** Pairs after which it is judged whether chance is small enough, and most of them. */
const SAMPLES = 100;
const MOST_SAMPLES = 300;
const ADDRESSES = 100;
const PLANTED_MS = 12;
const TENANT = 'enum';
const STEPS = ['choose', 'send', 'guess'] as const;

type Step = (typeof STEPS)[number];
/** Milliseconds of a guest and of a stranger, one right after the other. */
type Times = Readonly<Record<Step, (readonly [number, number])[]>>;

for (const store of stores) {
  describe(`asking who is a guest, on ${store}`, function () {
    this.timeout(300_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    it('T29 S62 guests, strangers, blocked, removed, invited and guests of another tenant: status, headers and body of every step are the same', async () => {
      const kinds = {
        guest: 'aguest@partner.example',
        stranger: 'astran@partner.example',
        blocked: 'ablock@partner.example',
        removed: 'aremov@partner.example',
        invited: 'apendi@partner.example',
        elsewhere: 'aother@partner.example',
      };
      await fortress.invite(kinds.guest, TENANT);
      await fortress.invite(kinds.elsewhere, 'b');
      await fortress.invite(kinds.invited, TENANT, 'pending');
      for (const [verb, address] of [
        ['block', kinds.blocked],
        ['remove', kinds.removed],
      ] as const) {
        await fortress.invite(address, TENANT);
        const said = await fortress.command('guests', verb, address, '--tenant', TENANT);
        assert.equal(said.code, 0, said.stderr);
      }
      const shown = new Map<string, readonly string[]>();
      for (const [kind, address] of Object.entries(kinds)) shown.set(kind, await walk(address));
      const expected = shown.get('stranger')!;
      assert.ok(expected.length > 20);
      for (const [kind, seen] of shown) assert.deepEqual(seen, expected, kind);
      for (const address of [kinds.stranger, kinds.blocked, kinds.removed, kinds.elsewhere]) {
        assert.equal(fortress.mailsTo(address), 0, address);
      }
    });

    /** Every answer on the way to five wrong codes, without what is random in it. */
    async function walk(address: string): Promise<readonly string[]> {
      const browser = fortress.browser();
      const seen: Answer[] = [];
      const watch = async (answer: Answer): Promise<Answer> => {
        seen.push(answer);
        if (answer.location === undefined) return answer;
        return watch(await browser.get(new URL(answer.location, answer.url)));
      };
      const page = await watch(await browser.get((await fortress.begin(TENANT)).url));
      const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const at = (step: string): string => `${page.url.href}/${step}`;
      await watch(await browser.post(at('address'), { csrf, email: address }));
      await watch(await browser.post(at('send'), { csrf }));
      await watch(await browser.post(at('send'), { csrf }));
      await watch(await browser.post(at('passcode'), { csrf, code: 'none' }));
      for (let guess = 0; guess < 6; guess += 1) {
        // One in a hundred million: the guest's own code is not among these.
        await watch(await browser.post(at('passcode'), { csrf, code: `0000000${guess}` }));
      }
      await watch(await browser.post(at('continue'), { csrf }));
      const uid = page.url.pathname.split('/').at(-1)!;
      const row = await fortress.sql.get<{ label: string | null }>(
        'SELECT label FROM sign_ins WHERE uid = ?',
        [uid],
      );
      return seen.map((answer) => masked(answer, [uid, csrf, address], row?.label ?? ''));
    }

    it('T29 S62 the time of choosing, sending and guessing, while the relay says nothing: no further apart than guests among themselves', async () => {
      const times = await compareSteps(TENANT, []);
      for (const step of STEPS) {
        assert.equal(isTold(compareTimes(times[step])), false, sayApart(step, times[step]));
      }
    });

    it('T29 a way to guests that takes 12 ms longer, planted into the proxy: told at every step', async () => {
      const slow: string[] = [];
      fortress.proxy.holdFor = (peer) => (slow.includes(peer) ? PLANTED_MS : 0);
      try {
        const times = await compareSteps('timed', slow);
        for (const step of STEPS) {
          assert.equal(isTold(compareTimes(times[step])), true, sayApart(step, times[step]));
        }
      } finally {
        fortress.proxy.holdFor = () => 0;
      }
    });

    /**
     * Times of guests and of strangers in pairs, by step; more of them while chance is large.
     * @param guestNetworks is told from where guests come, before they do
     */
    async function compareSteps(tenant: string, guestNetworks: string[]): Promise<Times> {
      const times: Times = { choose: [], send: [], guess: [] };
      for (let index = 0; index < ADDRESSES; index += 1) {
        await fortress.invite(`${tenant}${index}@partner.example`, tenant);
      }
      fortress.relay.hangGreetings(true);
      try {
        for (let sample = 0; sample < MOST_SAMPLES; sample += 1) {
          // Five mails an hour for an address: each is asked four times at most.
          const number = sample % ADDRESSES;
          const guest = fortress.browser();
          guestNetworks.push(guest.network);
          const ask = {
            known: () => measure(guest, tenant, `${tenant}${number}@partner.example`),
            unknown: () =>
              measure(fortress.browser(), tenant, `${tenant}x${number}@partner.example`),
          };
          const isFirst = sample % 2 === 0;
          const first = await (isFirst ? ask.known() : ask.unknown());
          const second = await (isFirst ? ask.unknown() : ask.known());
          const [known, unknown] = isFirst ? [first, second] : [second, first];
          for (const step of STEPS) times[step].push([known[step], unknown[step]]);
          if ((sample + 1) % SAMPLES === 0 && STEPS.every((step) => isPrecise(times[step]))) break;
        }
      } finally {
        fortress.relay.hangGreetings(false);
      }
      return times;
    }

    async function measure(browser: Browser, tenant: string, address: string) {
      const page = await fortress.arrive(browser, await fortress.begin(tenant));
      const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const time = async (path: string, form: object): Promise<number> => {
        const started = performance.now();
        const { status } = await browser.post(`${page.url.href}/${path}`, { csrf, ...form });
        assert.equal(status, 303);
        return performance.now() - started;
      };
      return {
        choose: await time('address', { email: address }),
        send: await time('send', {}),
        guess: await time('passcode', { code: '00000000' }),
      };
    }
  });
}

function isPrecise(times: Times[Step]): boolean {
  return compareTimes(times).chanceMs <= MOST_APART_MS;
}

function sayApart(step: Step, times: Times[Step]): string {
  const { apartMs, chanceMs } = compareTimes(times);
  return `${step}: ${apartMs.toFixed(2)} ms apart; by chance ${chanceMs.toFixed(2)}; ${times.length} pairs`;
}

/** What somebody who asks can compare: everything but what is random every time. */
function masked(
  { status, headers, text, url, location }: Answer,
  random: readonly string[],
  label: string,
): string {
  const { date: _, 'set-cookie': cookies = [], ...rest } = headers;
  const names = (cookies as string[]).map((line) =>
    line.replace(/=[^;]*/, '=').replace(/expires=[^;]*/, ''),
  );
  // Sealed anew for every page; what the address is shows in its length alone, which the page says too.
  const sealed = [...text.matchAll(/name="restart" value="([^"]*)"/g)].map(
    ([, value = '']) => value,
  );
  const without = (said: string): string => {
    let left = said;
    for (const value of [...sealed, ...random]) {
      if (value !== '')
        left = left.replaceAll(value, '*').replaceAll(encodeURIComponent(value), '*');
    }
    return (
      left
        .replaceAll(/[?&](?:state|nonce|code_challenge)=[\w-]+/g, '')
        // Sealed; what it says is on the page.
        .replaceAll(/\?said=[\w-]+/g, '?said=*')
        .replaceAll(/(Reference|reference)[^A-Za-z0-9]+[\w-]{12}/g, '$1')
    );
  };
  // A label is two characters, which also stand between two hyphens of what is random, or in the
  // version of an asset: it goes last, as a word of its own.
  const page = without(text.replaceAll(/\?v=[\w-]+/g, '')).replaceAll(
    new RegExp(`\\b${label}\\b`, 'g'),
    label === '' ? '' : '*',
  );
  const all = { status, path: url.pathname, location, headers: rest, cookies: names, text: page };
  return (
    without(JSON.stringify(all))
      .replaceAll(/"retry-after":"\d+"/g, '"retry-after":"*"')
      .replaceAll(/Wait \d+ seconds?/g, 'Wait * seconds')
      // What time it is, and how long ago the mail was asked for: the same for everybody.
      .replaceAll(/data-wait=\\"\d+\\"/g, 'data-wait')
      .replaceAll(/\d\d:\d\d UTC/g, '*')
      .replaceAll(/"content-length":"\d+"/g, '"content-length":"*"')
  );
}
