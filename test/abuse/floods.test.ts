import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { stores } from '../support/world.ts';
import { type Fortress, fortressOf, sendRaw, nextNetwork } from './fortress.ts';

const TENANT = 'door';
const MEBIBYTE = 1_048_576;
/** Requests of the flood; `FLOOD=1000` is for who is in a hurry. */
const FLOOD = Number(process.env['FLOOD'] ?? 20_000);
/** By then a process has taken what memory it works with. */
const WARM = 10_000;

for (const store of stores) {
  describe(`floods and broken requests, on ${store}`, function () {
    this.timeout(180_000);
    let fortress: Fortress;
    before(async () => {
      fortress = await fortressOf(store);
    });

    /** Resident memory of the servers together, bytes. */
    function memory(): number {
      return fortress.servers.reduce((sum, { child }) => {
        const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
        return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024;
      }, 0);
    }

    it('T89 S59 bodies, archives, fields, cookies and addresses that are too large: 4xx, and the memory stays', async () => {
      const browser = fortress.browser();
      const page = await fortress.arrive(browser, await fortress.begin(TENANT));
      const at = `${page.url.href}/address`;
      await round(browser, at);
      const before = memory();
      for (let times = 0; times < 3; times += 1) await round(browser, at);
      const grown = (memory() - before) / MEBIBYTE;
      assert.ok(grown < 100, `${grown.toFixed(0)} MiB more in two processes`);
    });

    async function round(browser: ReturnType<Fortress['browser']>, at: string): Promise<void> {
      const { pathname } = new URL(at);
      const host = new URL(fortress.origin).host;
      await isRefused(pathname, `email=${'a'.repeat(17 * 1024)}`);
      await isRefused(pathname, BOMB, 'Content-Encoding: gzip\r\n');
      const fields = Array.from({ length: 3000 }, (_, index) => `f${index}=1`).join('&');
      await isRefused(pathname, fields);
      assert.ok([400, 403].includes((await browser.post(at, '&'.repeat(16_000))).status));
      // One more than a form may have; without a token it would be 403 for that.
      const seventeen = Array.from({ length: 17 }, (_, index) => `f${index}=1`).join('&');
      assert.equal((await browser.post(at, seventeen)).status, 400);
      const many = await browser.get(at, { cookie: 'c=1; '.repeat(5000) });
      assert.equal(many.status, 431);
      const long = await sendRaw(
        fortress,
        `GET /${TENANT}/v2.0/auth?x=${'x'.repeat(20 * 1024)} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      );
      assert.ok([400, 414, 431].includes(long.status), long.text.slice(0, 100));
      await isRefused(`/${TENANT}/v2.0/token`, `a=${'x'.repeat(10 * MEBIBYTE)}`);
      const callback = `/${TENANT}/signin/federation/x/callback`;
      await isRefused(callback, `SAMLResponse=${'A'.repeat(MEBIBYTE)}`);
    }

    /** Straight at the server: hung up on while still sending, a client may never read why. */
    async function isRefused(path: string, body: string | Buffer, header = ''): Promise<void> {
      const { length } = Buffer.from(body);
      const head =
        `POST ${path} HTTP/1.1\r\nHost: ${new URL(fortress.origin).host}\r\nConnection: close\r\n` +
        `Content-Type: application/x-www-form-urlencoded\r\n${header}Content-Length: ${length}\r\n\r\n`;
      const answer = await direct(fortress.ports[0]!, head + body.toString('latin1'));
      assert.match(answer, /^(?:HTTP\/1\.1 413 |$)/);
    }

    it('T89 S59 what is no HTTP, or half of it, straight at the server: 400 or the line goes dead, and the next one is answered', async () => {
      const host = new URL(fortress.origin).host;
      // A path that would be answered by 404, were it read.
      const start = `POST /${TENANT}/v2.0/nothing HTTP/1.1\r\nHost: ${host}\r\n`;
      const broken = [
        '\u0000\u0001\u0002\r\n\r\n',
        'GET / HTTP/9.9\r\n\r\n',
        'GET /\r\n\r\n',
        `${start}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /evil HTTP/1.1\r\n\r\n`,
        `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
        `${start}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`,
        `${start}Content-Length: -1\r\n\r\n`,
        `${start}Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx`,
        `${start}X: a\r\n b\r\n\r\n`,
        `${start}X\u0000: a\r\n\r\n`,
        `GET /${TENANT}/ HTTP/1.1\nHost: ${host}\n\n`,
        `${start}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`,
      ];
      for (const [index, bytes] of broken.entries()) {
        const answer = await direct(fortress.ports[index % 2]!, bytes);
        // 421 without a Host, which some of these are too broken to have.
        assert.match(answer, /^(?:HTTP\/1\.1 (?:400|421) |$)/, `${index}: ${answer.slice(0, 60)}`);
        assert.equal(answer.split('HTTP/1.1 ').length <= 2, true, `${index} was answered twice`);
      }
      assert.equal((await fortress.browser().get(`${fortress.origin}/${TENANT}/`)).status, 200);
    });

    it('S60 X-Forwarded-For of one’s own, through the proxy and straight at the server: counted by where it really came from', async () => {
      const address = 'spoofed@partner.example';
      await fortress.invite(address, TENANT);
      const browser = fortress.browser();
      const spoof = {
        'x-forwarded-for': '8.8.8.8',
        'x-real-ip': '8.8.8.8',
        forwarded: 'for=8.8.8.8',
        'x-forwarded-proto': 'http',
        'client-ip': '8.8.8.8',
      };
      const page = await browser.follow(
        await browser.get((await fortress.begin(TENANT)).url, spoof),
      );
      const csrf = /name="csrf" value="([^"]*)"/.exec(page.text)?.[1] ?? '';
      const form = { csrf, email: address };
      assert.equal((await browser.post(`${page.url.href}/address`, form, spoof)).status, 303);
      assert.equal((await browser.post(`${page.url.href}/send`, { csrf }, spoof)).status, 303);
      const mail = await fortress.relay.nextMail(address);
      assert.ok(!mail.raw.includes('8.8.8'));
      // As it is read: on the wire a line may break anywhere.
      const read = mail.parsed.text ?? '';
      assert.ok(read.includes(browser.network.replace(/\d+$/, 'x')), browser.network);
      const trail = await fortress.trail({ tenant: TENANT, event: 'passcode.issue' });
      assert.ok(trail.every(({ network }) => !network?.startsWith('8.')));
      // A peer that is no proxy is believed nothing: by another network each time it would begin as many
      // sign-ins as it likes. In one of the two minutes this may take, more than 120 come.
      const from = nextNetwork();
      const { url } = await fortress.begin(TENANT);
      const begun = await Promise.all(
        Array.from({ length: 250 }, (_, index) =>
          direct(
            fortress.ports[0]!,
            `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\n` +
              `X-Forwarded-For: 8.8.${index}.8\r\nConnection: close\r\n\r\n`,
            from,
          ),
        ),
      );
      assert.ok(begun.some((answer) => answer.startsWith('HTTP/1.1 303 ')));
      assert.ok(begun.some((answer) => answer.startsWith('HTTP/1.1 429 ')));
    });

    it('S59 two hundred clients that send a byte and wait: others are answered meanwhile, and the slow ones are hung up on', async () => {
      const slow = Array.from({ length: 200 }, (_, index) => {
        const port = fortress.ports[index % 2]!;
        const socket = connect({ host: '127.0.0.1', port, localAddress: nextNetwork() });
        socket.on('error', () => socket.destroy()).resume();
        socket.write(`GET /${TENANT}/ HTTP/1.1\r\nHost: gu`);
        // Not `once` of node:events: a reset is an end as well, and no fault.
        return new Promise((ended) => socket.once('close', ended));
      });
      const address = 'patient@partner.example';
      await fortress.invite(address, TENANT);
      const begun = await fortress.begin(TENANT);
      const location = await fortress.signIn(fortress.browser(), address, begun);
      assert.ok((await fortress.redeem(begun, location)).claims());
      // The server hangs up by itself; the deadline of this test is the only clock.
      assert.equal((await Promise.all(slow)).length, 200);
    });

    it(`T92 S59 ${FLOOD} authorization requests of one network: a few small rows that expire, no memory kept, and nobody else waits for them`, async () => {
      const network = fortress.browser().network;
      const { url } = await fortress.begin(TENANT);
      const addresses = Array.from({ length: 5 }, (_, index) => `during${index}@partner.example`);
      for (const address of addresses) await fortress.invite(address, TENANT);
      const began = performance.now();
      const before = (await rows()).length;
      let warm = Infinity;
      const statuses: Record<number, number> = {};
      let left = FLOOD;
      let isWaitedFor = true;
      const flood = async (): Promise<void> => {
        for (let more = true; more; more = left > 0 || isWaitedFor) {
          left -= 1;
          // What grows after this would grow for ever; a server that keeps much more dies of it.
          if (left === FLOOD - WARM) warm = memory();
          const answer = await fortress.browser(network).get(url);
          statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
          if (answer.status !== 429) continue;
          assert.ok(Number(answer.headers['retry-after']) <= 60);
          assert.equal(answer.headers['set-cookie'], undefined);
        }
      };
      // Others sign in all the while: it goes on until they have.
      const flooding = Promise.all(Array.from({ length: 50 }, flood));
      for (const address of addresses) {
        const begun = await fortress.begin(TENANT);
        const location = await fortress.signIn(fortress.browser(), address, begun);
        assert.ok((await fortress.redeem(begun, location)).claims());
      }
      isWaitedFor = false;
      await flooding;
      const minutes = Math.ceil((performance.now() - began) / 60_000) + 1;
      const { 303: accepted = 0, 429: refused = 0 } = statuses;
      assert.equal(accepted + refused, FLOOD - left, JSON.stringify(statuses));
      // 120 a minute, counted by each of two servers.
      assert.ok(accepted >= 120 && accepted <= 2 * 120 * minutes, String(accepted));
      const after = await rows();
      assert.ok(after.length - before <= accepted + addresses.length, String(after.length));
      for (const { payload, expires_at: end } of after) {
        assert.ok(payload.length < 4096, String(payload.length));
        assert.ok(end <= Date.now() / 1000 + 3601);
      }
      const grown = (memory() - warm) / MEBIBYTE;
      assert.ok(grown < 75, `${grown.toFixed(0)} MiB more in two processes`);
    });

    function rows() {
      return fortress.sql.all<{ payload: string; expires_at: number }>(
        "SELECT payload, expires_at FROM oidc_records WHERE model = 'Interaction' AND tenant = ?",
        [TENANT],
      );
    }
  });
}

const BOMB = gzipSync(Buffer.alloc(50 * MEBIBYTE, 'a'));

/**
 * Writes to a server itself, past the proxy, and reads until the server hangs up. Left open on this side:
 * a request whose sender is gone is dropped unread, whatever it was.
 */
function direct(port: number, bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const socket = connect({ host: '127.0.0.1', port, localAddress }, () =>
      socket.write(bytes, 'latin1'),
    );
    socket.setEncoding('latin1').on('data', (chunk: string) => (answer += chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => resolve(answer));
  });
}
