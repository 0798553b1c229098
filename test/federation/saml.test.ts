import assert from 'node:assert/strict';
import type { Connection, SamlUpstream } from '../../src/domain/identity-provider.ts';
import type { FinishOutcome, Upstream, UpstreamMemory } from '../../src/federation/identity.ts';
import { createSamlUpstream } from '../../src/federation/saml.ts';
import { SAML_FAULTS } from '../fixtures/saml/faults.ts';
import { EMAIL } from '../fixtures/saml/answer.ts';
import { WRAPPED_ADDRESS, WRAPPINGS } from '../fixtures/saml/wrapping.ts';
import { createSigningKey } from '../support/certificate.ts';
import {
  cancelAtSaml,
  type PostedForm,
  readRequest,
  signInAtSaml,
  startUpstreamSaml,
  type UpstreamSaml,
} from '../support/upstream-saml.ts';

const CALLBACK = 'https://guest.example/acme/federation/partner/callback';
const ENTITY_ID = 'https://guest.example/acme/federation/partner/metadata';
const ADDRESS = 'sam@partner.example';
const HOUR = 3600;

describe('a SAML upstream', () => {
  let idp: UpstreamSaml;
  let now: number;

  beforeEach(async () => {
    now = Math.floor(Date.now() / 1000);
    idp = await startUpstreamSaml({
      clock: () => now,
      names: { [ADDRESS]: 'Sam\u200b \u202ePartner' },
    });
  });
  afterEach(() => idp.stop());

  it('S54 leaves by HTTP-Redirect with a fresh request, the state and the name to suggest', async () => {
    const upstream = connect();
    const first = await leave(upstream, 'state-1');
    const second = await leave(upstream, 'state-2');
    const url = new URL(first.location);
    assert.equal(url.origin + url.pathname, idp.singleSignOnUrl);
    assert.equal(url.searchParams.get('RelayState'), 'state-1');
    assert.equal(url.searchParams.get('login_hint'), ADDRESS);
    const request = readRequest(url.searchParams.get('SAMLRequest') ?? '');
    assert.match(request.id, /^_[0-9a-f]{40}$/);
    assert.notEqual(second.memory['requestId'], request.id);
    assert.deepEqual(
      { acs: request.acs, issuer: request.issuer },
      { acs: CALLBACK, issuer: ENTITY_ID },
    );
    assert.match(request.xml, /NameIDPolicy[^>]*nameid-format:persistent/);
    assert.doesNotMatch(request.xml, /RequestedAuthnContext/);
  });

  it('S45 demands a new sign-in there when that is asked, and not otherwise', async () => {
    const upstream = connect();
    const forced = async (reauthenticate: boolean) => {
      const started = await startOf(upstream, 'state', reauthenticate);
      assert.ok('location' in started);
      const asked = new URL(started.location).searchParams.get('SAMLRequest') ?? '';
      return /ForceAuthn="true"/.test(readRequest(asked).xml);
    };
    assert.deepEqual([await forced(true), await forced(false)], [true, false]);
  });

  it('R52 brings the persistent name, the address and an inert display name', async () => {
    const outcome = await visit(connect());
    assert.ok(outcome.outcome === 'identity', JSON.stringify(outcome));
    const { issuer, subject, address, displayName } = outcome.identity;
    assert.equal(issuer, idp.issuer);
    assert.match(subject, /^[0-9a-f]{64}$/);
    assert.equal(address.address, ADDRESS);
    assert.equal(displayName, 'Sam Partner');
  });

  for (const name of ['email', 'mail', 'urn:oid:0.9.2342.19200300.100.1.3']) {
    it(`R52 takes the address from ${name} too`, async () => {
      idp.say({ attributes: { [name]: [ADDRESS] } });
      assert.equal(addressOf(await visit(connect())), ADDRESS);
    });
  }

  it('R52 takes one address said twice for one', async () => {
    idp.say({ attributes: { email: [ADDRESS], mail: ['Sam@PARTNER.example'] } });
    assert.equal(addressOf(await visit(connect())), ADDRESS);
  });

  it('R52 brings an address of another domain as it was asserted, for the caller to refuse', async () => {
    idp.say({ attributes: { [EMAIL]: ['boss@elsewhere.example'] } });
    assert.equal(addressOf(await visit(connect())), 'boss@elsewhere.example');
  });

  it('S54 tells a guest who cancelled there from a provider that refused', async () => {
    const upstream = connect();
    const { location, memory } = await leave(upstream);
    const outcome = await comeBack(upstream, memory, await cancelAtSaml(location));
    assert.deepEqual(outcome, { outcome: 'fault', fault: 'cancelled', detail: 'AuthnFailed' });
  });

  for (const responseSigned of [true, false]) {
    const sort = responseSigned ? 'both signed' : 'the assertion signed alone';
    describe(`with ${sort}`, () => {
      beforeEach(() => {
        if (!responseSigned) idp.say({ signed: ['assertion'] });
      });

      it('S54 believes a good answer', async () => {
        assert.equal(addressOf(await visit(connect({ responseSigned }))), ADDRESS);
      });

      for (const [name, { fault, detail }] of Object.entries(SAML_FAULTS)) {
        if (!responseSigned && name === 'unsigned-response') continue;
        const rules = /mail|name-id/.test(name) ? 'R52 T78 S54' : 'T78 S54';
        const verdict = fault === 'untrusted' ? 'refuses' : `calls ${fault}`;
        it(`${rules} ${verdict} the answer ${name}`, async () => {
          idp.misbehave(name);
          const outcome = await visit(connect({ responseSigned }));
          assert.ok(outcome.outcome === 'fault', `${name} was believed`);
          assert.equal(outcome.fault, fault);
          assert.ok(detail.includes(outcome.detail), `refused for ${outcome.detail}`);
        });
      }
    });
  }

  for (const [name, wrap] of Object.entries(WRAPPINGS)) {
    it(`T78 ${name} carries a forged address along with the signed one`, async () => {
      const upstream = connect();
      const { location } = await leave(upstream);
      const { fields } = await signInAtSaml(location, ADDRESS);
      const wrapped = wrap(Buffer.from(fields['SAMLResponse'] ?? '', 'base64').toString('utf8'));
      assert.ok(wrapped.includes(ADDRESS) && wrapped.includes(WRAPPED_ADDRESS));
      assert.ok(wrapped.includes('<ds:SignatureValue>'));
    });
  }

  it('T78 S54 refuses an answer replayed into another sign-in', async () => {
    const upstream = connect();
    const first = await leave(upstream, 'state');
    const posted = await signInAtSaml(first.location, ADDRESS);
    assert.equal(addressOf(await comeBack(upstream, first.memory, posted)), ADDRESS);
    const second = await leave(upstream, 'state');
    assertUntrusted(await comeBack(upstream, second.memory, posted), 'in_response_to');
    assertUntrusted(await comeBack(upstream, { state: 'state' }, posted), 'in_response_to');
  });

  it('S54 refuses an answer with the state of another sign-in', async () => {
    const upstream = connect();
    const { location, memory } = await leave(upstream);
    const posted = await signInAtSaml(location, ADDRESS);
    assertUntrusted(await comeBack(upstream, { ...memory, state: 'other' }, posted), 'relay_state');
  });

  it('S54 refuses an answer at another callback than the one it was made for', async () => {
    const upstream = connect();
    const { location, memory } = await leave(upstream);
    const { fields } = await signInAtSaml(location, ADDRESS);
    const parameters = new URLSearchParams(fields);
    const callbackUrl = CALLBACK.replace('partner', 'other');
    assertUntrusted(await upstream.finish({ callbackUrl, parameters }, memory), 'destination');
  });

  it('S54 reads strict base64 of strict UTF-8, line breaks allowed', async () => {
    const upstream = connect();
    const { location, memory } = await leave(upstream);
    const { acs, fields } = await signInAtSaml(location, ADDRESS);
    const good = fields['SAMLResponse'] ?? '';
    const post = (SAMLResponse: string) =>
      comeBack(upstream, memory, { acs, fields: { ...fields, SAMLResponse } });
    const lines = (good.match(/.{1,76}/g) ?? []).join('\r\n');
    assert.equal(addressOf(await post(lines)), ADDRESS);
    for (const bad of ['', ' ', `${good}!`, `-${good}`, good.replace(/=*$/, '') + '===', '/w==']) {
      assertUntrusted(await post(bad), 'not_base64');
    }
    assertUntrusted(await post(Buffer.from('<a/>').toString('base64')), 'not_a_response');
  });

  it('S54 allows sixty seconds between two clocks and not one more', async () => {
    const upstream = connect();
    const { location, memory } = await leave(upstream);
    const posted = await signInAtSaml(location, ADDRESS);
    const start = now;
    const at = async (seconds: number) => {
      now = start + seconds;
      const outcome = await comeBack(upstream, memory, posted);
      return outcome.outcome === 'identity' ? 'good' : outcome.detail;
    };
    assert.equal(await at(-61), 'not_yet_valid');
    assert.equal(await at(-60), 'good');
    assert.equal(await at(300 + 59), 'good');
    assert.equal(await at(300 + 60), 'expired');
  });

  it('R51 T78 trusts no certificate past its end', async () => {
    const ending = createSigningKey(now - HOUR, now + HOUR);
    idp.addKey(ending);
    idp.dropOldestKey();
    const upstream = connect({ metadataUrl: undefined, certificates: [ending.certificate] });
    const { location, memory } = await leave(upstream);
    now += HOUR - 1;
    const posted = await signInAtSaml(location, ADDRESS);
    assert.equal(addressOf(await comeBack(upstream, memory, posted)), ADDRESS);
    now += 1;
    assertUntrusted(await comeBack(upstream, memory, posted), 'signature');
    assert.ok('unreachable' in (await startOf(upstream)));
  });

  it('R51 needs no metadata where issuer, address and certificate are configured', async () => {
    const upstream = connect({ metadataUrl: undefined, certificates: idp.certificates() });
    assert.equal(addressOf(await visit(upstream)), ADDRESS);
    assert.equal(idp.metadataReads(), 0);
  });

  it('R51 takes a bare base64 certificate as well as PEM', async () => {
    const bare = idp.certificates().map((pem) => pem.replace(/-----[A-Z ]+-----|\n/g, ''));
    const upstream = connect({ metadataUrl: undefined, certificates: bare });
    assert.equal(addressOf(await visit(upstream)), ADDRESS);
  });

  it('R51 believes a key that was rolled over since the metadata was read', async () => {
    const upstream = connect({ singleSignOnUrl: undefined, certificates: [] });
    assert.equal(addressOf(await visit(upstream)), ADDRESS);
    idp.addKey();
    assert.equal(addressOf(await visit(upstream)), ADDRESS);
    assert.equal(idp.metadataReads(), 2);
    idp.dropOldestKey();
    assert.equal(addressOf(await visit(upstream)), ADDRESS);
  });

  it('R51 asks for metadata once a minute however many signatures fit nothing', async () => {
    const upstream = connect();
    await visit(upstream);
    idp.misbehave('wrong-certificate');
    for (const _ of [1, 2, 3]) assertUntrusted(await visit(upstream), 'signature');
    assert.equal(idp.metadataReads(), 2);
    now += 60;
    assertUntrusted(await visit(upstream), 'signature');
    assert.equal(idp.metadataReads(), 3);
  });

  it('R51 sends nobody to a provider never reached, and calls its answers unreachable', async () => {
    const upstream = connect({ singleSignOnUrl: undefined, certificates: [] });
    const { location, memory } = await leave(connect());
    const posted = await signInAtSaml(location, ADDRESS);
    await idp.down();
    assert.ok('unreachable' in (await startOf(upstream)));
    assert.deepEqual(await comeBack(upstream, memory, posted), {
      outcome: 'fault',
      fault: 'unreachable',
      detail: 'metadata',
    });
    await idp.up();
    assert.equal(addressOf(await comeBack(upstream, memory, posted)), ADDRESS);
  });

  it('R51 S54 describes itself: entity id, consumer service, assertions signed', () => {
    const xml = connect().metadata?.(CALLBACK) ?? '';
    assert.match(xml, new RegExp(`entityID="${ENTITY_ID}"`));
    assert.match(xml, /WantAssertionsSigned="true"/);
    assert.match(xml, /nameid-format:persistent/);
    const service = /<AssertionConsumerService [^>]*>/.exec(xml)?.[0] ?? '';
    assert.ok(service.includes(`Location="${CALLBACK}"`) && service.includes('HTTP-POST'));
  });

  function connect(change: Partial<SamlUpstream> = {}): Upstream {
    const connection: Connection & { upstream: SamlUpstream } = {
      id: 'partner',
      method: 'externalFederation',
      displayName: 'Partner',
      domains: ['partner.example'],
      members: { by: 'domain' },
      inbound: 'allowed',
      automaticRedemption: { inbound: false, outbound: false },
      regionScope: undefined,
      refusedDomains: [],
      consumerDomains: [],
      upstream: {
        protocol: 'saml',
        issuer: idp.issuer,
        metadataUrl: idp.metadataUrl,
        singleSignOnUrl: undefined,
        certificates: [],
        responseSigned: true,
        ...(change.metadataUrl === undefined && 'metadataUrl' in change
          ? { singleSignOnUrl: idp.singleSignOnUrl }
          : {}),
        ...change,
      },
    };
    return createSamlUpstream(connection, {
      fetch: async (url) => {
        const response = await fetch(url);
        return { status: response.status, text: await response.text() };
      },
      clock: () => now,
      entityId: (callbackUrl) => callbackUrl.replace(/callback$/, 'metadata'),
    });
  }
});

function startOf(upstream: Upstream, state = 'state', reauthenticate = false) {
  return upstream.start({
    state,
    callbackUrl: CALLBACK,
    loginHint: ADDRESS,
    locale: 'de',
    create: false,
    selectAccount: false,
    reauthenticate,
  });
}

async function leave(upstream: Upstream, state?: string) {
  const left = await startOf(upstream, state);
  assert.ok('location' in left);
  return left;
}

async function visit(upstream: Upstream): Promise<FinishOutcome> {
  const { location, memory } = await leave(upstream);
  return comeBack(upstream, memory, await signInAtSaml(location, ADDRESS));
}

function comeBack(upstream: Upstream, memory: UpstreamMemory, { acs, fields }: PostedForm) {
  return upstream.finish({ callbackUrl: acs, parameters: new URLSearchParams(fields) }, memory);
}

function addressOf(outcome: FinishOutcome): string {
  return outcome.outcome === 'identity' ? outcome.identity.address.address : outcome.detail;
}

function assertUntrusted(outcome: FinishOutcome, detail: string): void {
  assert.deepEqual(outcome, { outcome: 'fault', fault: 'untrusted', detail });
}
