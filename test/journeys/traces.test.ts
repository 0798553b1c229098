import assert from 'node:assert/strict';
import { SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { connect, giveAddress, oidcOf, startPlace, throughPlace } from '../support/places.ts';
import { startFollowed } from '../server/followed.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { hidden, Jar } from '../support/jar.ts';
import { drawTree, type Spans, startSpans } from '../support/spans.ts';
import { secretOf, startWorld } from '../support/world.ts';

const TERI = 'teri@partner.example';
const THEIRS = '0af7651916cd43dd8448eb211c80319c';
const TRACEPARENT = `00-${THEIRS}-b7ad6b7169203331-01`;

const SHOWN = ['guestpass.tenant', 'http.response.status_code', 'guestpass.outcome', 'error.type'];
const SIGN_IN = `
GET /{tenant}/v2.0/auth tenant="a" status_code=303
GET /{tenant}/signin/{uid} tenant="a" status_code=200
POST /{tenant}/signin/{uid}/address tenant="a" status_code=303
  sign-in.decide outcome="use"
    sign-in.discover
GET /{tenant}/signin/{uid} tenant="a" status_code=200
POST /{tenant}/signin/{uid}/send tenant="a" status_code=303
  passcode.issue outcome="sent"
    database.transaction
GET /{tenant}/signin/{uid} tenant="a" status_code=200
POST /{tenant}/signin/{uid}/passcode tenant="a" status_code=303
  passcode.verify outcome="verified"
    database.transaction
  sign-in.finish outcome="finished"
GET /{tenant}/v2.0/auth/{uid} tenant="a" status_code=303
POST /{tenant}/v2.0/token tenant="a" status_code=200
`.trim();

describe('the traces of a server with an OpenTelemetry SDK', () => {
  let spans: Spans;
  before(() => {
    spans = startSpans();
  });
  beforeEach(() => spans.reset());
  after(() => spans.stop());

  it('tell a whole sign-in, a trace per request, and nothing of whose it is (S65)', async () => {
    const world = await startWorld();
    try {
      await world.invite(TERI);
      const jar = new Jar();
      const begun = await world.begin();
      spans.reset();
      const location = await world.signIn(jar, begun, TERI);
      const code = await world.passcodeFor(TERI);
      const tokens = await world.redeem(begun, location);
      await spans.until(isNamed('POST /{tenant}/v2.0/token'));
      const all = await spans.until(isNamed('mail.deliver'));
      const ofRequests = all.filter(({ name }) => name !== 'mail.deliver');
      assert.equal(drawTree(ofRequests, SHOWN), SIGN_IN);
      const written = JSON.stringify(all.map(saidOf));
      const secrets = [
        'teri',
        'partner.example',
        code,
        secretOf('a'),
        begun.state,
        begun.nonce,
        tokens.access_token,
        tokens.id_token,
        new URL(location).searchParams.get('code'),
        ...[...jar.cookies.values()].map(({ value }) => value),
        /signin\/([\w-]{10,})/.exec(jar.lines.join())?.[1] ?? 'no uid',
        '?',
        '127.0.0.1',
      ];
      for (const secret of secrets) assert.ok(secret && !written.includes(secret), String(secret));
    } finally {
      await world.close();
    }
  });

  it('give a mail a trace of its own, tied to the request that queued it', async () => {
    const world = await startWorld();
    try {
      await world.invite(TERI);
      await world.walkToCode(new Jar(), await world.begin(), TERI);
      const all = await spans.until(isNamed('mail.deliver'));
      const [mail, issued] = [find(all, 'mail.deliver'), find(all, 'passcode.issue')];
      assert.equal(mail.parentSpanContext, undefined);
      assert.equal(mail.attributes['guestpass.outcome'], 'sent');
      const inside = all.filter(({ parentSpanContext: parent }) => {
        return parent?.spanId === issued.spanContext().spanId;
      });
      const causes = mail.links.map(({ context }) => context.spanId);
      assert.deepEqual(causes, [find(inside, 'database.transaction').spanContext().spanId]);
      assert.notEqual(mail.spanContext().traceId, issued.spanContext().traceId);
    } finally {
      await world.close();
    }
  });

  it('say of a fault its code, and the line of the log names the trace', async () => {
    const lines: Record<string, unknown>[] = [];
    const log = createLog({
      level: 'info',
      destination: { write: (line) => void lines.push(JSON.parse(line)) },
    });
    const world = await startWorld({ log });
    try {
      const { signIns } = world.server.guests.parts.store;
      await world.invite(TERI);
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      // A store that goes away between two pages.
      Object.assign(signIns, { find: () => Promise.reject(new Error(`no ${TERI}`)) });
      const answer = await jar.post(`${page.url.href}/send`, { csrf: hidden(page, 'csrf') });
      assert.equal(answer.status, 500);
      const span = find(await spans.until(isNamed('POST /{tenant}/signin/{uid}/send')), 'POST ');
      assert.deepEqual(span.status, { code: SpanStatusCode.ERROR, message: 'internal' });
      assert.ok(!JSON.stringify(saidOf(span)).includes('teri'));
      const line = lines.find(({ event }) => event === 'request.failed');
      assert.equal(line?.['traceId'], span.spanContext().traceId);
      assert.ok(answer.text.includes(String(line?.['reference'])));
      const refused = await jar.get(`${world.publicUrl}/nobody/v2.0/auth?x=${TERI}`);
      assert.equal(refused.status, 400);
      const isUnknown = has('error.type', 'tenant_unknown');
      const other = (await spans.until(isUnknown)).find(isUnknown);
      assert.equal(other?.name, 'GET /{tenant}/v2.0/auth');
      assert.deepEqual(other.status, { code: SpanStatusCode.UNSET });
      assert.equal(other.attributes['guestpass.tenant'], undefined);
    } finally {
      await world.close();
    }
  });

  it('name of another company its host alone, and take no trace there', async () => {
    const world = await startFollowed();
    const place = await startPlace('Partner', 'ana@partner.example');
    try {
      const { publicUrl } = world;
      connect({ publicUrl } as Parameters<typeof connect>[0], place, 'partner');
      const oidc = oidcOf(place);
      const home = { id: 'partner', displayName: 'P', domains: ['partner.example'], oidc };
      const reloaded = world.next('configuration.reloaded');
      await world.edit('tenants/a.yaml', { homeDirectories: [home] });
      await reloaded;
      const jar = new Jar();
      const page = await jar.follow(await jar.get((await world.begin()).url));
      const left = await giveAddress(jar, page, 'ana@partner.example');
      await throughPlace(jar, left, 'ana@partner.example');
      const all = await spans.until(isNamed('sign-in.finish'));
      const out = all.filter(({ name }) => name === 'outbound.request');
      assert.ok(out.length >= 2);
      for (const { attributes } of out) {
        assert.deepEqual(
          Object.keys(attributes).toSorted((a, b) => a.localeCompare(b)),
          ['http.response.status_code', 'server.address'],
        );
        assert.equal(attributes['server.address'], new URL(place.issuer).hostname);
      }
      const reload = find(all, 'configuration.reload');
      assert.deepEqual(
        [reload.parentSpanContext, reload.attributes['guestpass.tenants']],
        [undefined, 2],
      );
    } finally {
      await world.close();
      await place.stop();
    }
  });

  describe('and a traceparent', () => {
    it('S60 go their own way when anybody sends one to the public side', async () => {
      const world = await startFollowed();
      try {
        const [id, parent] = await traceOf(spans, world.publicUrl, 'GET /{tenant}/', '/a/');
        assert.notEqual(id, THEIRS);
        assert.equal(parent, undefined);
      } finally {
        await world.close();
      }
    });

    it('S60 go on with it when a listed proxy sends it, and at the private listener', async () => {
      const world = await startFollowed({ settings: { trustedProxies: ['127.0.0.1'] } });
      try {
        const expected = [THEIRS, 'b7ad6b7169203331'];
        const { publicUrl, admin } = world;
        assert.deepEqual(await traceOf(spans, publicUrl, 'GET /{tenant}/', '/a/'), expected);
        const users = 'GET /{tenant}/v1.0/users';
        assert.deepEqual(await traceOf(spans, admin, users, '/a/v1.0/users'), expected);
        spans.reset();
        for (const path of ['/livez', '/readyz?verbose', '/metrics']) await fetch(admin + path);
        // The watch looks at the files once by itself.
        const names = new Set(spans.all().map(({ name }) => name));
        names.delete('configuration.reload');
        assert.deepEqual(names, new Set());
      } finally {
        await world.close();
      }
    });
  });
});

function isNamed(name: string): (span: ReadableSpan) => boolean {
  return (span) => span.name === name;
}

function has(key: string, value: string): (span: ReadableSpan) => boolean {
  return ({ attributes }) => attributes[key] === value;
}

function find(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const found = spans.find((span) => span.name.startsWith(name));
  assert.ok(found, name);
  return found;
}

/** Everything of a span that leaves the process. */
function saidOf({ name, attributes, status, events, links }: ReadableSpan) {
  return { name, attributes, status, events, links };
}

/** Asks with a traceparent and baggage. @returns the trace of the answer, and its parent */
async function traceOf(spans: Spans, origin: string, name: string, path: string) {
  spans.reset();
  await fetch(`${origin}${path}`, {
    headers: { traceparent: TRACEPARENT, baggage: `who=${encodeURIComponent(TERI)}` },
    redirect: 'manual',
  });
  const span = find(await spans.until(isNamed(name)), name);
  return [span.spanContext().traceId, span.parentSpanContext?.spanId] as const;
}
