import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import type { Connection, SamlUpstream } from '../../src/domain/identity-provider.ts';
import type { UpstreamMemory } from '../../src/federation/identity.ts';
import { readSamlResponse } from '../../src/federation/saml-document.ts';
import { createSamlUpstream } from '../../src/federation/saml.ts';
import { WRAPPED_ADDRESS, WRAPPINGS } from '../fixtures/saml/wrapping.ts';
import { runs } from '../support/fuzz.ts';
import {
  type PostedForm,
  signInAtSaml,
  startUpstreamSaml,
  type UpstreamSaml,
} from '../support/upstream-saml.ts';

const CALLBACK = 'https://guest.example/acme/federation/partner/callback';
const ADDRESS = 'sam@partner.example';
const base64 = (xml: string) => Buffer.from(xml).toString('base64');

const put = fc.oneof(
  fc.constantFrom(
    '<!---->',
    '<!-- -->',
    '<?x?>',
    '<![CDATA[x]]>',
    '&#64;',
    '&amp;',
    '&x;',
    '\u0000',
  ),
  fc.constantFrom(
    WRAPPED_ADDRESS,
    'boss@',
    '<saml:NameID>',
    '</saml:NameID>',
    '<x>',
    '</x>',
    '<x/>',
  ),
  fc.constantFrom('ID="_1"', 'Id="_1"', 'xmlns:saml="x"', '"', "'", '<', '>', '=', ' ', '\n', '\r'),
  fc.constantFrom('<!DOCTYPE x [<!ENTITY x "boss@partner.example">]>', '\ufeff', '\ud800'),
  fc.string({ unit: 'binary', maxLength: 3 }),
);
/** Where to cut, how much, what to put there instead; or a piece to say twice, elsewhere. */
const change = fc.oneof(
  fc.record({ at: fc.nat(20_000), out: fc.nat(3), put }),
  fc.record({ at: fc.nat(20_000), out: fc.nat(400), put: fc.constant('') }),
  fc.record({ at: fc.nat(20_000), from: fc.nat(20_000), length: fc.nat(3000) }),
);
type Change = typeof change extends fc.Arbitrary<infer Value> ? Value : never;

function bend(xml: string, changes: readonly Change[]): string {
  return changes.reduce((text, one) => {
    const at = one.at % (text.length + 1);
    if ('out' in one) return text.slice(0, at) + one.put + text.slice(at + one.out);
    const from = one.from % (text.length + 1);
    return text.slice(0, at) + text.slice(from, from + one.length) + text.slice(at);
  }, xml);
}

describe('a signed answer, whatever becomes of it', function () {
  this.timeout(180_000);
  let idp: UpstreamSaml;
  const now = Math.floor(Date.now() / 1000);

  before(async () => {
    idp = await startUpstreamSaml({ clock: () => now, names: { [ADDRESS]: 'Sam' } });
  });
  after(() => idp.stop());

  for (const responseSigned of [true, false]) {
    const sort = responseSigned ? 'both signed' : 'the assertion signed alone';
    it(`T78 S54 brings the address that was signed, or none, with ${sort}`, async () => {
      idp.say({ signed: responseSigned ? ['assertion', 'response'] : ['assertion'] });
      const { upstream, memory, posted } = await visit(responseSigned);
      const xml = Buffer.from(posted.fields['SAMLResponse'] ?? '', 'base64').toString('utf8');
      let believed = 0;
      const judge = async (text: string) => {
        const parameters = new URLSearchParams({
          ...posted.fields,
          SAMLResponse: base64(text),
        });
        const outcome = await upstream.finish({ callbackUrl: posted.acs, parameters }, memory);
        if (outcome.outcome !== 'identity') return;
        believed += 1;
        assert.equal(outcome.identity.address.address, ADDRESS);
      };
      await judge(xml);
      assert.equal(believed, 1, 'the good answer is believed');
      for (const wrap of Object.values(WRAPPINGS)) await judge(bend(wrap(xml), []));
      await fc.assert(
        fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) =>
          judge(bend(xml, changes)),
        ),
        runs(400),
      );
    });
  }

  it('T78 is read without a throw, and with one assertion at most', async () => {
    const { posted } = await visit(true);
    const xml = Buffer.from(posted.fields['SAMLResponse'] ?? '', 'base64').toString('utf8');
    const anything = fc.oneof(
      fc.array(change, { minLength: 1, maxLength: 6 }).map((changes) => base64(bend(xml, changes))),
      fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes).toString('base64')),
      fc.string({ unit: 'binary', maxLength: 80 }),
    );
    fc.assert(
      fc.property(anything, (given) => {
        const read = readSamlResponse(given);
        if ('fault' in read) return;
        assert.equal((read.xml.match(/<(?:\w+:)?Assertion[\s>]/g) ?? []).length <= 1, true);
      }),
      runs(800),
    );
  });

  async function visit(responseSigned: boolean): Promise<{
    upstream: ReturnType<typeof connect>;
    memory: UpstreamMemory;
    posted: PostedForm;
  }> {
    const upstream = connect(responseSigned);
    const left = await upstream.start({
      state: 'state',
      callbackUrl: CALLBACK,
      loginHint: ADDRESS,
      locale: 'de',
      create: false,
      selectAccount: false,
      reauthenticate: false,
    });
    assert.ok('location' in left);
    return { upstream, memory: left.memory, posted: await signInAtSaml(left.location, ADDRESS) };
  }

  function connect(responseSigned: boolean) {
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
        responseSigned,
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
