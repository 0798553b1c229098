import assert from 'node:assert/strict';
import type { Answer } from '../support/jar.ts';
import { stores } from '../support/world.ts';
import { type Fortress, fortressOf } from './fortress.ts';

const SAMPLES = 100;
const TENANT = 'enum';

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
      return seen.map((answer) => masked(answer, [uid, csrf, address, row?.label ?? '']));
    }

    it('T29 S62 the time of choosing, sending and guessing, while the relay says nothing: no further apart than guests among themselves', async () => {
      const times = { guest: newTimes(), stranger: newTimes() };
      for (let index = 0; index < 25; index += 1) {
        await fortress.invite(`timed${index}@partner.example`, TENANT);
      }
      fortress.relay.hangGreetings(true);
      try {
        for (let sample = 0; sample < SAMPLES; sample += 1) {
          // Five mails an hour for an address: each is asked four times.
          const known = `timed${sample % 25}@partner.example`;
          const unknown = `timex${sample % 25}@partner.example`;
          const order = sample % 2 === 0 ? [known, unknown] : [unknown, known];
          for (const address of order) {
            await measure(address, address === known ? times.guest : times.stranger);
          }
        }
      } finally {
        fortress.relay.hangGreetings(false);
      }
      for (const step of ['choose', 'send', 'guess'] as const) {
        const [guests, strangers] = [times.guest[step], times.stranger[step]];
        assert.equal(guests.length, SAMPLES);
        const apart = Math.abs(median(guests) - median(strangers));
        const chance = apartByChance([...guests, ...strangers], SAMPLES);
        const says = `${step}: medians ${apart.toFixed(2)} ms apart; by chance ${chance.toFixed(2)}`;
        assert.ok(apart <= Math.max(MOST_APART_MS, chance), says);
      }
    });

    async function measure(address: string, times: ReturnType<typeof newTimes>): Promise<void> {
      const browser = fortress.browser();
      const page = await fortress.arrive(browser, await fortress.begin(TENANT));
      const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const time = async (step: keyof typeof times, path: string, form: object): Promise<void> => {
        const started = performance.now();
        const { status } = await browser.post(`${page.url.href}/${path}`, { csrf, ...form });
        times[step].push(performance.now() - started);
        assert.equal(status, 303);
      };
      await time('choose', 'address', { email: address });
      await time('send', 'send', {});
      await time('guess', 'passcode', { code: '00000000' });
    }
  });
}

/** S62: what two medians may be apart in any case. */
const MOST_APART_MS = 5;

function newTimes(): { choose: number[]; send: number[]; guess: number[] } {
  return { choose: [], send: [], guess: [] };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

/**
 * How far apart the medians of two halves are when it is chance who is in which: all but one in a
 * thousand of many shuffles. On a noisy machine that is much, on a quiet one little.
 */
function apartByChance(values: readonly number[], half: number): number {
  const pool = [...values];
  const differences = Array.from({ length: 2000 }, () => {
    for (let index = pool.length - 1; index > 0; index -= 1) {
      const other = Math.floor(Math.random() * (index + 1));
      [pool[index], pool[other]] = [pool[other]!, pool[index]!];
    }
    return Math.abs(median(pool.slice(0, half)) - median(pool.slice(half)));
  });
  return differences.toSorted((left, right) => left - right)[1998] ?? 0;
}

/** What somebody who asks can compare: everything but what is random every time. */
function masked(
  { status, headers, text, url, location }: Answer,
  random: readonly string[],
): string {
  const { date: _, 'set-cookie': cookies = [], ...rest } = headers;
  const names = (cookies as string[]).map((line) =>
    line.replace(/=[^;]*/, '=').replace(/expires=[^;]*/, ''),
  );
  const all = { status, path: url.pathname, location, headers: rest, cookies: names, text };
  let said = JSON.stringify(all);
  // Sealed anew for every page; what the address is shows in its length alone, which the page says too.
  const sealed = [...text.matchAll(/name="restart" value="([^"]*)"/g)].map(
    ([, value = '']) => value,
  );
  for (const value of [...sealed, ...random]) {
    if (value !== '') said = said.replaceAll(value, '*').replaceAll(encodeURIComponent(value), '*');
  }
  return said
    .replaceAll(/[?&](?:state|nonce|code_challenge)=[\w-]+/g, '')
    .replaceAll(/(Reference|reference)[^A-Za-z0-9]+[\w-]{12}/g, '$1')
    .replaceAll(/"retry-after":"\d+"/g, '"retry-after":"*"')
    .replaceAll(/Wait \d+ seconds?/g, 'Wait * seconds')
    .replaceAll(/"content-length":"\d+"/g, '"content-length":"*"');
}
