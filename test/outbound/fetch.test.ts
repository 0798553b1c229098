import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { gzipSync } from 'node:zlib';
import {
  createOutboundFetch,
  createOutboundWebFetch,
  OUTBOUND_BODY_BYTES,
  OUTBOUND_TIMEOUT_MS,
  OutboundError,
} from '../../src/outbound/fetch.ts';

const strict = createOutboundFetch({ allowLoopback: false });
const local = createOutboundFetch({ allowLoopback: true });
const localWeb = createOutboundWebFetch({ allowLoopback: true });

async function reasonOf(sending: Promise<unknown>): Promise<string> {
  const error = await sending.then(
    () => assert.fail('was answered'),
    (error: unknown) => error,
  );
  assert.ok(error instanceof OutboundError, String(error));
  return error.reason;
}

/** Writes as fast as it is read, for ever; counts what left. */
function flood(response: ServerResponse, sent: (bytes: number) => void): void {
  const piece = Buffer.alloc(65_536, 32);
  const pour = (): void => {
    let more = true;
    while (more && !response.destroyed) {
      more = response.write(piece);
      sent(piece.length);
    }
  };
  response.on('drain', pour);
  pour();
}

describe('createOutboundFetch', () => {
  let origin: string;
  let connections = 0;
  let sent = 0;
  const bomb = gzipSync(Buffer.alloc(100_000_000));
  const server = createServer((request, response) => {
    switch (request.url) {
      case '/echo': {
        let body = '';
        request.on('data', (chunk) => (body += String(chunk)));
        request.on('end', () => {
          response.writeHead(201, { 'x-method': request.method ?? '' });
          response.end(`${String(request.headers['x-ask'])} ${body}`);
        });
        return;
      }
      case '/missing':
        return void response.writeHead(404).end('{"member":false}');
      case '/empty':
        return void response.writeHead(204).end();
      case '/most':
        return void response.end('x'.repeat(OUTBOUND_BODY_BYTES));
      case '/too-large':
        return void response.end('x'.repeat(OUTBOUND_BODY_BYTES + 1));
      case '/gigabyte':
        return flood(response, (bytes) => (sent += bytes));
      case '/bomb':
        response.writeHead(200, { 'content-encoding': 'gzip' });
        return void response.end(bomb);
      case '/silent':
        return;
      case '/headers-only':
        return response.writeHead(200).flushHeaders();
      case '/drip': {
        const timer = setInterval(() => response.write('.'), 100);
        return void response.on('close', () => clearInterval(timer));
      }
      case '/cut':
        response.writeHead(200, { 'content-length': '100' });
        response.write('half');
        return void setImmediate(() => response.destroy());
      case '/odd-status':
        return void response.writeHead(799).end();
      default: {
        const status = Number(request.url?.slice(1));
        return void response.writeHead(status, { location: '/echo' }).end();
      }
    }
  });

  before(async () => {
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it('asks with method, headers and body, and gives status and text', async () => {
    const init = { method: 'POST', headers: { 'x-ask': 'hello' }, body: 'wörld' };
    assert.deepEqual(await local(`${origin}/echo`, init), { status: 201, text: 'hello wörld' });
    assert.deepEqual(await local(`${origin}/missing`), { status: 404, text: '{"member":false}' });
    assert.deepEqual(await local(`${origin}/empty`), { status: 204, text: '' });
  });

  it('gives libraries a Response of the platform', async () => {
    const body = new URLSearchParams({ code: 'c' });
    const answer = await localWeb(`${origin}/echo`, { method: 'POST', body });
    assert.ok(answer instanceof Response);
    assert.equal(answer.status, 201);
    assert.equal(answer.headers.get('x-method'), 'POST');
    assert.equal(await answer.clone().text(), 'undefined code=c');
    assert.equal((await localWeb(`${origin}/empty`)).body, null);
  });

  it('ends early when the library gives up', async () => {
    const given = new AbortController();
    const asking = localWeb(`${origin}/silent`, { signal: given.signal });
    given.abort();
    assert.equal(await reasonOf(asking), 'timeout');
  });

  it('S53 takes https only; http to this machine where the installation is loopback', async () => {
    const before = connections;
    for (const url of [
      origin,
      'http://1.1.1.1/',
      'ftp://1.1.1.1/',
      'file:///etc/passwd',
      'data:,x',
    ]) {
      assert.equal(await reasonOf(strict(url)), 'scheme', url);
    }
    for (const url of ['http://1.1.1.1/', 'http://name.example/', 'no url', '']) {
      assert.equal(await reasonOf(local(url)), 'scheme', url);
    }
    assert.equal(connections, before);
    const { port } = new URL(origin);
    assert.equal((await local(`http://localhost:${port}/empty`)).status, 204);
  });

  for (const host of `127.0.0.1 127.1 2130706433 0x7f000001 0.0.0.0 10.0.0.1 100.64.0.1 169.254.169.254
    [::1] [::] [::ffff:127.0.0.1] [::ffff:7f00:1] [fc00::1] [fe80::1] [64:ff9b::7f00:1] localhost`.split(
    /\s+/,
  )) {
    it(`T76 S53 refuses https to ${host}, connecting to nobody`, async () => {
      const before = connections;
      const { port } = new URL(origin);
      assert.equal(await reasonOf(strict(`https://${host}:${port}/`)), 'address');
      assert.equal(connections, before);
    });
  }

  it('T76 refuses the inside of the network on a loopback installation too', async () => {
    for (const host of ['10.0.0.1', '169.254.169.254', '[fc00::1]', '[::ffff:127.0.0.1]']) {
      assert.equal(await reasonOf(local(`https://${host}/`)), 'address', host);
    }
  });

  it('T76 follows no redirect', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal(await reasonOf(local(`${origin}/${status}`)), 'redirect', String(status));
      assert.equal(await reasonOf(localWeb(`${origin}/${status}`)), 'redirect', String(status));
    }
  });

  it('S53 reads 256 KiB and not a byte more', async () => {
    assert.equal((await local(`${origin}/most`)).text.length, OUTBOUND_BODY_BYTES);
    assert.equal(await reasonOf(local(`${origin}/too-large`)), 'too_large');
  });

  it('T76 stops reading a body without end, and a small archive of a large one', async () => {
    const before = process.memoryUsage().rss;
    assert.equal(await reasonOf(local(`${origin}/gigabyte`)), 'too_large');
    assert.ok(sent < 16_777_216, `${sent} bytes left the server`);
    assert.equal(await reasonOf(local(`${origin}/bomb`)), 'too_large');
    assert.ok(process.memoryUsage().rss - before < 134_217_728);
  });

  it('T76 gives up after three seconds in all: silence, half an answer, a drip', async () => {
    const began = performance.now();
    const paths = ['/silent', '/headers-only', '/drip'];
    const reasons = await Promise.all(paths.map((path) => reasonOf(local(origin + path))));
    assert.deepEqual(reasons, ['timeout', 'timeout', 'timeout']);
    const took = performance.now() - began;
    assert.ok(took > OUTBOUND_TIMEOUT_MS - 100 && took < 2 * OUTBOUND_TIMEOUT_MS, `${took} ms`);
  });

  it('says unreachable for a refused or broken connection, and a status HTTP does not have', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    assert.equal(await reasonOf(local(`http://127.0.0.1:${port}/`)), 'unreachable');
    assert.equal(await reasonOf(local(`${origin}/cut`)), 'unreachable');
    assert.equal(await reasonOf(localWeb(`${origin}/odd-status`)), 'unreachable');
  });

  it('S65 says no URL in its error: addresses of guests stand in some', async () => {
    const url = `http://127.0.0.1:1/accounts?address=teri@gmail.example`;
    const error: unknown = await local(url).catch((error: unknown) => error);
    assert.ok(error instanceof OutboundError);
    assert.ok(!`${error.stack} ${String(error.cause)}`.includes('teri'));
  });

  it('S53 refuses a certificate it cannot verify and takes one it can', async () => {
    const pem = createCertificate();
    const secure = createTlsServer({ key: pem, cert: pem }, (_request, response) => {
      response.end('secure');
    });
    secure.listen(0, '127.0.0.1');
    await once(secure, 'listening');
    const url = `https://localhost:${(secure.address() as AddressInfo).port}/`;
    const trusted = getCACertificates('default');
    try {
      assert.equal(await reasonOf(local(url)), 'unreachable');
      setDefaultCACertificates([...trusted, pem.slice(pem.indexOf('-----BEGIN CERTIFICATE'))]);
      assert.deepEqual(await local(url), { status: 200, text: 'secure' });
      assert.equal(await reasonOf(strict(url)), 'address');
    } finally {
      setDefaultCACertificates(trusted);
      secure.closeAllConnections();
      secure.close();
    }
  });
});

function createCertificate(): string {
  return execFileSync(
    'openssl',
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost'.split(
      ' ',
    ),
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] },
  );
}
