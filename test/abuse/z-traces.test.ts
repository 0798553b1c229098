import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as client from 'openid-client';
import { type StoreKind, stores } from '../support/world.ts';
import { wrongCodes } from './evidence.ts';
import { allLines, closeFortresses, type Fortress, fortressOf } from './fortress.ts';
import { secrets } from './secrets.ts';

/**
 * Columns whole addresses belong in, and why; everything else is searched for them.
 * Engine records hold what an application asked: a `login_hint` it sent is an address.
 */
const ADDRESSES: Readonly<Record<string, string>> = {
  'guests.address': 'where mail to the guest goes',
  'guests.address_key': 'what the guest is found by',
  'guests.removed_key': 'what a removed guest is restored by, thirty days',
  'guests.invited_by': 'who invited, named on pages and mails',
  'guest_addresses.address': 'another address of the guest',
  'guest_addresses.address_key': 'what the guest is found by',
  'invitation_blocks.address_key': 'whose owner wants no invitations',
  'sign_ins.address': 'what was typed in this sign-in, for three hours',
  'sign_ins.address_key': 'what was typed in this sign-in, for three hours',
  'sign_ins.decision': 'whom the decision was made for, for three hours',
  'oidc_records.payload': 'the login_hint of the application, for an hour',
};

for (const store of stores) {
  describe(`what all of these attacks left behind, on ${store}`, function () {
    this.timeout(180_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
      // Run alone, this file has something to look for all the same.
      const address = 'traces@partner.example';
      await fortress.invite(address, 'a');
      const begun = await fortress.begin('a');
      const browser = fortress.browser();
      await fortress.redeem(begun, await fortress.signIn(browser, address, begun));
      // Left half-way, so that what is kept meanwhile is in the tables now: with a session that is
      // there, with an address the application names, and as a request that was pushed.
      await fortress.arrive(browser, await fortress.begin('a', { prompt: 'login' }));
      await fortress.arrive(
        browser,
        await fortress.begin('a', { login_hint: address, max_age: '0' }),
      );
      const { configuration, url } = await fortress.begin('a');
      await client.buildAuthorizationUrlWithPAR(
        configuration,
        Object.fromEntries(url.searchParams),
      );
      const door = await fortress.walkToCode(fortress.browser(), address);
      for (const wrong of wrongCodes(await fortress.codeFor(address, 2), 5))
        await door.submit(wrong);
      await fortress.trail({ event: '' });
      for (const { parsed } of fortress.relay.messages) secrets.read(parsed.text ?? '');
    });
    // All at once, and not at the end of the run: servers that wait take time from those that work.
    if (store === stores.at(-1)) after(closeFortresses);

    it('T38 S20 S21 S22 S23 every mail: one recipient, automatic, plain text, addresses of ours alone, its code once and not in the subject', () => {
      const { messages } = fortress.relay;
      assert.ok(messages.length >= 2);
      for (const mail of messages) {
        const text = mail.parsed.text ?? '';
        const html = mail.parsed.html ?? '';
        assert.equal(mail.recipients.length, 1);
        assert.equal(mail.header('to').length, 1);
        assert.deepEqual(mail.header('auto-submitted'), ['auto-generated']);
        assert.deepEqual([...mail.header('bcc'), ...mail.header('cc')], []);
        assert.ok(text.length > 100);
        assert.doesNotMatch(html, /<(?:script|img|iframe|object|form|link|base)\b/i);
        for (const [, at = ''] of html.matchAll(/(?:href|src|action)\s*=\s*["']([^"']*)/gi)) {
          assert.ok(at.startsWith(`${fortress.origin}/`) || at.startsWith('mailto:'), at);
        }
        const code = /^(\d{8,12}|[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3})$/m.exec(text)?.[1];
        if (code === undefined) continue;
        const subject = mail.parsed.subject ?? '';
        assert.ok(!subject.includes(code) && !subject.includes(code.replaceAll('-', '')));
        assert.equal(text.split('\n').filter((line) => line === code).length, 1);
        assert.ok(!/https?:\/\//.test(text), 'a mail with a code leads nowhere');
      }
    });

    it('T66 S24 S34 every cookie of the whole run: host-bound or path-bound, Secure, HttpOnly, Lax, no Domain, short', () => {
      // What takes a cookie away carries nothing that could be sent anywhere.
      const lines = allLines().filter((line) => !line.includes('01 Jan 1970'));
      assert.ok(lines.length > 10);
      for (const line of new Set(lines.map((line) => line.replace(/=[^;]*/, '=')))) {
        assert.match(line, /; secure/i, line);
        assert.match(line, /; httponly/i, line);
        assert.match(line, /; samesite=lax/i, line);
        assert.doesNotMatch(line, /; domain=/i, line);
        const isHostBound = line.startsWith('__Host-') && /; path=\/(?:;|$)/i.test(line);
        const isPathBound =
          /^__Secure-(?:interaction|resume|restart)(?:\.sig)?=/.test(line) &&
          /; path=\/[^;]+/i.test(line);
        assert.ok(isHostBound || isPathBound, line);
      }
      assert.ok(lines.every(({ length }) => length < 4096));
    });

    it('T96 the search finds one secret of every kind where there is one', () => {
      const kinds = new Set(secrets.all.values());
      assert.ok(kinds.size >= 6, [...kinds].join());
      for (const kind of kinds) {
        const [secret] = [...secrets.all].find(([, found]) => found === kind)!;
        const line = JSON.stringify({ event: 'x', url: `https://x.example/?a=${secret}&b=1` });
        assert.ok(search(line, () => true).length > 0, kind);
      }
    });

    it('T96 S65 no code, token, cookie, ticket, key, client secret or whole address in any line of any server', () => {
      const found = search(fortress.output().join('\n'), () => true);
      assert.deepEqual(found, []);
    });

    it('T96 S65 … nor in the numbers, nor in files a server left in the temporary folder', async () => {
      for (const port of fortress.adminPorts) {
        const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
        assert.equal(answer.status, 200);
        assert.deepEqual(
          search(await answer.text(), () => true),
          [],
        );
        const ready = await fetch(`http://127.0.0.1:${port}/readyz?verbose`);
        assert.deepEqual(
          search(await ready.text(), () => true),
          [],
        );
      }
      const pids = new Set(fortress.servers.map(({ child }) => String(child.pid)));
      for (const name of readdirSync(tmpdir())) {
        const path = join(tmpdir(), name);
        if (![...pids].some((pid) => name.includes(pid))) continue;
        // Somebody else's may be gone by now.
        if (!statSync(path, { throwIfNoEntry: false })?.isFile()) continue;
        assert.deepEqual(
          search(readFileSync(path, 'latin1'), () => true),
          [],
          name,
        );
      }
    });

    it('T96 S3 S65 … nor in any column of any table, but addresses where they belong', async () => {
      const tables = await dump(fortress, store);
      assert.ok(tables.size >= 12);
      const problems: string[] = [];
      const used = new Set<string>();
      for (const [table, columns] of tables) {
        for (const [column, texts] of columns) {
          const place = `${table}.${column}`;
          const found = search(texts.join('\n'), (kind) => {
            if (kind !== 'address' || !(place in ADDRESSES)) return true;
            used.add(place);
            return false;
          });
          problems.push(...found.map((what) => `${place}: ${what}`));
        }
      }
      assert.deepEqual(problems, []);
      // What is excused here must be there: else the list excuses what nobody looked at.
      for (const place of ['guests.address', 'sign_ins.address', 'sign_ins.decision']) {
        assert.ok(used.has(place), place);
      }
    });

    it('T98 S64 the audit trail tells of all this: when, where, whom, how it ended', async () => {
      const trail = await fortress.trail({ event: '' });
      const events = new Set(trail.map(({ event }) => event));
      for (const event of [
        'sign-in.decide',
        'passcode.issue',
        'passcode.evaluate',
        'sign-in.finish',
      ]) {
        assert.ok(events.has(event), event);
      }
      const mine = trail.filter(
        ({ event, address }) => event === 'passcode.evaluate' && address?.startsWith('t**s@'),
      );
      const ends = mine.map(({ outcome }) => outcome);
      // Two processes write side by side: each in its order, both in any.
      const expected = ['exhausted', 'mismatch', 'mismatch', 'mismatch', 'mismatch', 'verified'];
      assert.deepEqual(
        ends.slice(-6).toSorted((left, right) => String(left).localeCompare(String(right))),
        expected,
      );
      for (const { at, tenant, network } of mine) {
        assert.equal(tenant, 'a');
        assert.ok(Math.abs(at - Date.now() / 1000) < 3600);
        assert.match(network ?? '', /^127\.\d+\.\d+\.x$/);
      }
      assert.equal(trail.filter(({ event }) => event === 'audit.lost').length, 0);
      const lost = fortress
        .output()
        .filter((line) => /"event":"(?:audit\.lost|request\.failed|engine\.failed)"/.test(line));
      assert.deepEqual(lost.slice(0, 3), [], 'no attack makes a fault of ours');
    });
  });
}

/** Secrets a text holds, as what they are; never the secret itself. */
function search(text: string, matters: (kind: string) => boolean): string[] {
  // By words: thousands of secrets in a hundred megabytes, each on its own, would take hours.
  const words = new Set(text.toLowerCase().match(/[\w.@+-]{6,}|[\w-]{6,}/g) ?? []);
  const parts = Array.from(words, (word) => word.split(/[.@+]/)).flat();
  for (const part of parts) words.add(part);
  const found = new Map<string, number>();
  for (const [secret, kind] of secrets.all) {
    const pieces = kind === 'address' ? [secret] : secret.toLowerCase().split('.');
    const longest = pieces.toSorted((left, right) => right.length - left.length)[0] ?? '';
    if (words.has(longest) && matters(kind)) found.set(kind, (found.get(kind) ?? 0) + 1);
  }
  return [...found].map(([kind, times]) => `${kind} ×${times}`);
}

/** Every text of every column of every table. */
async function dump(
  { sql }: Fortress,
  store: StoreKind,
): Promise<Map<string, Map<string, string[]>>> {
  const names = await sql.all<{ name: string }>(
    store === 'sqlite'
      ? "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
      : 'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
  );
  const tables = new Map<string, Map<string, string[]>>();
  for (const { name } of names) {
    const columns = new Map<string, string[]>();
    for (const row of await sql.all<Record<string, unknown>>(`SELECT * FROM ${name}`)) {
      for (const [column, value] of Object.entries(row)) {
        if (typeof value !== 'string' && !Buffer.isBuffer(value)) continue;
        const texts = columns.get(column) ?? [];
        texts.push(String(value));
        columns.set(column, texts);
      }
    }
    tables.set(name, columns);
  }
  return tables;
}
