import assert from 'node:assert/strict';
import type { SamlUpstream } from '../../src/domain/identity-provider.ts';
import { createSamlTrust, type SamlTrust } from '../../src/federation/saml-metadata.ts';
import { readCertificate, readSamlMetadata } from '../../src/settings/saml-metadata.ts';
import { readXml } from '../../src/settings/xml-document.ts';
import { createSigningKey, type SigningKey } from '../support/certificate.ts';

const ISSUER = 'https://idp.partner.example/entity';
const URL_AT = 'https://idp.partner.example/sso';
const WHERE = 'https://idp.partner.example/metadata';
const START = 1_800_000_000;
const DAY = 24 * 3600;

interface Written {
  readonly issuer?: string;
  readonly binding?: string;
  readonly location?: string;
  readonly keys?: readonly { readonly use?: string; readonly certificate: string }[];
  readonly validUntil?: string;
  readonly protocol?: string;
}

describe('the metadata of a SAML identity provider', () => {
  let first: SigningKey;
  let second: SigningKey;
  let brief: SigningKey;

  before(() => {
    first = createSigningKey(START - DAY, START + 100 * DAY);
    second = createSigningKey(START - DAY, START + 100 * DAY);
    brief = createSigningKey(START - DAY, START + 3600);
  });

  describe('as it is read', () => {
    it('R51 says issuer, sign-on address and every signing certificate', () => {
      const xml = write({
        keys: [
          { certificate: first.certificate },
          { use: 'signing', certificate: second.certificate },
          { use: 'encryption', certificate: brief.certificate },
        ],
      });
      assert.deepEqual(readSamlMetadata(xml), {
        issuer: ISSUER,
        singleSignOnUrl: URL_AT,
        certificates: [first.certificate, second.certificate],
        validUntil: null,
      });
    });

    const faults: readonly (readonly [what: string, written: Written, says: RegExp])[] = [
      ['no entity id', { issuer: '' }, /entityID/],
      ['http to elsewhere', { location: 'http://idp.partner.example/sso' }, /https/],
      ['a name in the address', { location: 'https://a@idp.partner.example/sso' }, /https/],
      ['another binding alone', { binding: 'HTTP-POST' }, /HTTP-Redirect/],
      ['no certificate', { keys: [] }, /certificate/],
      ['a certificate that is none', { keys: [{ certificate: 'AAAA' }] }, /certificate/],
      ['another protocol', { protocol: 'urn:oasis:names:tc:SAML:1.1:protocol' }, /SAML 2.0/],
    ];
    for (const [what, written, says] of faults) {
      it(`R51 is refused with ${what}`, () => {
        const read = readSamlMetadata(write(written));
        assert.ok('fault' in read);
        assert.match(read.fault, says);
      });
    }

    it('S54 is refused with a document type, without an end, beyond 256 kB, and as a collection', () => {
      const collection = `<e:EntitiesDescriptor xmlns:e="urn:oasis:names:tc:SAML:2.0:metadata"/>`;
      const bad = [
        `<!DOCTYPE a>${write()}`,
        '<a>',
        `${write()}${' '.repeat(256 * 1024)}`,
        collection,
      ];
      for (const xml of bad) assert.ok('fault' in readSamlMetadata(xml));
    });

    it('R51 takes http for an identity provider on this machine', () => {
      const location = 'http://127.0.0.1:8080/sso';
      const read = readSamlMetadata(write({ location }));
      assert.ok(!('fault' in read) && read.singleSignOnUrl === location);
    });

    it('S54 takes RSA keys of 2048 bits and more alone', () => {
      const weak = createSigningKey(START, START + DAY, 1024);
      assert.equal(readCertificate(weak.certificate), undefined);
      assert.equal(readCertificate(first.certificate), first.certificate);
      assert.equal(readCertificate(bare(first.certificate)), first.certificate);
    });
  });

  describe('as it is kept', () => {
    let now: number;
    let served: string | undefined;
    let reads: number;

    beforeEach(() => {
      now = START;
      reads = 0;
      serve({});
    });

    it('R51 is asked for at first use and again after a day', async () => {
      const trust = create();
      assert.deepEqual(await certificatesOf(trust), [first.certificate]);
      serve({ keys: [second] });
      now = START + DAY - 1;
      assert.deepEqual(await certificatesOf(trust), [first.certificate]);
      assert.equal(reads, 1);
      now = START + DAY;
      assert.deepEqual(await certificatesOf(trust), [second.certificate]);
    });

    it('R51 trusts old and new key while both are listed', async () => {
      serve({ keys: [first, second] });
      assert.deepEqual(await certificatesOf(create()), [first.certificate, second.certificate]);
    });

    it('R51 is asked for again when a certificate has ended, which is trusted no longer', async () => {
      serve({ keys: [first, brief] });
      const trust = create();
      assert.equal((await certificatesOf(trust)).length, 2);
      serve({ keys: [first, second, brief] });
      now = START + 3600;
      assert.deepEqual(await certificatesOf(trust), [first.certificate, second.certificate]);
      assert.deepEqual(await certificatesOf(trust), [first.certificate, second.certificate]);
      assert.equal(reads, 2);
    });

    it('R51 trusts no certificate before its first moment', async () => {
      const early = createSigningKey(START + 10, START + DAY);
      serve({ keys: [first, early] });
      assert.deepEqual(await certificatesOf(create()), [first.certificate]);
    });

    it('R51 S54 is nothing when it names another issuer', async () => {
      serve({ issuer: 'https://somebody.example' });
      assert.equal(await create().current(), undefined);
    });

    it('R51 goes on with its copy while the provider is down, and asks once a minute', async () => {
      const trust = create();
      await trust.current();
      served = undefined;
      now = START + DAY;
      for (const _ of [1, 2, 3]) {
        assert.deepEqual(await certificatesOf(trust), [first.certificate]);
      }
      assert.equal(reads, 2);
      now += 60;
      await trust.current();
      assert.equal(reads, 3);
    });

    it('R51 ends when its document says so', async () => {
      serve({ validUntil: new Date((START + 3600) * 1000).toISOString() });
      const trust = create();
      await trust.current();
      served = undefined;
      now = START + 3599;
      assert.ok(await trust.current());
      now = START + 3600;
      assert.equal(await trust.current(), undefined);
    });

    it('R51 is replaced by what is configured until it has been read once', async () => {
      served = undefined;
      const trust = create({ singleSignOnUrl: URL_AT, certificates: [second.certificate] });
      assert.deepEqual(await certificatesOf(trust), [second.certificate]);
      serve({ keys: [first] });
      now += 60;
      assert.deepEqual(await certificatesOf(trust), [first.certificate]);
    });

    it('R51 is asked for once however many guests come at the same time', async () => {
      const trust = create();
      const all = await Promise.all([trust.current(), trust.current(), trust.current()]);
      assert.ok(all.every((peer) => peer?.certificates.length === 1));
      assert.equal(reads, 1);
    });

    it('R51 renews for every guest whose answer came with the new key', async () => {
      const trust = create();
      const used = await trust.current();
      assert.ok(used);
      serve({ keys: [first, second] });
      const renewed = await Promise.all([trust.renewed(used), trust.renewed(used)]);
      assert.deepEqual(
        renewed.map((peer) => peer?.certificates.length),
        [2, 2],
      );
      assert.ok(await trust.renewed(used));
      assert.equal(reads, 2);
      assert.equal(await trust.renewed(renewed[0]!), undefined);
    });

    it('R51 is never asked for without an address', async () => {
      const configured = { singleSignOnUrl: URL_AT, certificates: [first.certificate] };
      const trust = create({ ...configured, metadataUrl: undefined });
      const used = await trust.current();
      assert.ok(used);
      assert.equal(await trust.renewed(used), undefined);
      assert.equal(reads, 0);
    });

    function serve(written: Written): void {
      served = write(written);
    }

    function create(change: Partial<SamlUpstream> = {}): SamlTrust {
      const upstream: SamlUpstream = {
        protocol: 'saml',
        issuer: ISSUER,
        metadataUrl: WHERE,
        singleSignOnUrl: undefined,
        certificates: [],
        responseSigned: true,
        ...change,
      };
      const fetch = async (url: string) => {
        assert.equal(url, WHERE);
        reads += 1;
        if (served === undefined) throw new Error('down');
        return { status: 200, text: served };
      };
      return createSamlTrust(upstream, { fetch, clock: () => now });
    }
  });

  function write(written: Written = {}): string {
    const keys = (written.keys ?? [first]).map(
      ({ use, certificate }: { use?: string; certificate: string }) =>
        `<KeyDescriptor${use === undefined ? '' : ` use="${use}"`}><ds:KeyInfo><ds:X509Data>` +
        `<ds:X509Certificate>\n${bare(certificate)}\n</ds:X509Certificate>` +
        '</ds:X509Data></ds:KeyInfo></KeyDescriptor>',
    );
    const until = written.validUntil === undefined ? '' : ` validUntil="${written.validUntil}"`;
    const binding = `urn:oasis:names:tc:SAML:2.0:bindings:${written.binding ?? 'HTTP-Redirect'}`;
    return (
      '<?xml version="1.0"?><EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata"' +
      ` xmlns:ds="http://www.w3.org/2000/09/xmldsig#" entityID="${written.issuer ?? ISSUER}"${until}>` +
      `<IDPSSODescriptor protocolSupportEnumeration="${written.protocol ?? 'urn:oasis:names:tc:SAML:2.0:protocol'}">` +
      `<!-- keys -->${keys.join('')}` +
      `<SingleSignOnService Binding="${binding}" Location="${written.location ?? URL_AT}"/>` +
      '</IDPSSODescriptor></EntityDescriptor>'
    );
  }
});

describe('XML others wrote', () => {
  it('S54 is read with namespaces, entities and text, and nothing else', () => {
    const root = readXml(
      '\uFEFF<?xml version="1.0"?>\n<a xmlns="u" b=\'1&#x41;\'>h&amp;<n:c xmlns:n="v"/>i</a>\n',
      'refused',
    );
    assert.ok(!('fault' in root));
    const { namespace, name, attributes, children, text } = root;
    assert.deepEqual([namespace, name, text], ['u', 'a', 'h&i']);
    assert.deepEqual([...attributes], [['b', '1A']]);
    assert.deepEqual([children[0]?.namespace, children[0]?.name], ['v', 'c']);
  });

  it('S54 T78 is refused when it is not well formed', () => {
    const malformed = [
      '',
      '<a/><b/>',
      '<a/>x',
      'x<a/>',
      '<a><b></a></b>',
      '<a></a >',
      '<a b=c/>',
      '<a b="1" b="2"/>',
      '<a b="1"c="2"/>',
      '<a b="<"/>',
      '<a>&x;</a>',
      '<a>& b</a>',
      '<a>&#0;</a>',
      '<a>&constructor;</a>',
      '<a>\u0001</a>',
      '<a>]]></a>',
      '<x:a/>',
      '<a x:b="1"/>',
      '<a xmlns:xml="u"/>',
      '<é/>',
    ];
    for (const xml of malformed)
      assert.deepEqual(readXml(xml, 'refused'), { fault: 'malformed' }, xml);
  });

  it('S54 T78 is refused with a document type, and with anything beside elements and text', () => {
    assert.deepEqual(readXml('<!doctype a><a/>', 'skipped'), { fault: 'doctype' });
    for (const xml of ['<a><![CDATA[x]]></a>', '<a><!-- --></a>', '<a><?b?></a>']) {
      assert.deepEqual(readXml(xml, 'refused'), { fault: 'comment' });
    }
  });

  it('S54 T78 has limits: 256 kB, 32 deep, 32 attributes, 64 namespaces, 10 000 elements', () => {
    for (const xml of [attributes(32), nested(32), wide(10_000), namespaces(64)]) {
      assert.ok(!('fault' in readXml(xml, 'refused')));
    }
    for (const xml of [attributes(33), nested(33), wide(10_001), namespaces(65)]) {
      assert.deepEqual(readXml(xml, 'refused'), { fault: 'too_complex' });
    }
    const large = `<a>${'é'.repeat(128 * 1024)}</a>`;
    assert.deepEqual(readXml(large, 'refused'), { fault: 'too_large' });
  });

  it('S54 may have comments and instructions, but no CDATA, where they are skipped', () => {
    assert.ok(!('fault' in readXml('<!-- a --><a><?b c?><!----></a><!-- - -->', 'skipped')));
    assert.deepEqual(readXml('<a><![CDATA[x]]></a>', 'skipped'), { fault: 'malformed' });
    assert.deepEqual(readXml('<a><!-- -- --></a>', 'skipped'), { fault: 'malformed' });
  });

  const slow: readonly (readonly [what: string, xml: string])[] = [
    ['tags left open', '<a>'.repeat(80_000)],
    ['attributes without end', `<a ${'b="" '.repeat(50_000)}`],
    ['spaces without end', `<a b${' '.repeat(250_000)}`],
    ['comments left open', '<!--'.repeat(60_000)],
    ['instructions left open', '<?'.repeat(100_000)],
    ['ampersands', `<a>${'&'.repeat(250_000)}</a>`],
    ['namespaces', '<a xmlns:b="c">'.repeat(16_000)],
  ];
  it('S54 T78 is judged in no time, whatever a quarter of a megabyte holds', () => {
    const began = performance.now();
    for (const [what, xml] of slow) assert.ok('fault' in readXml(xml, 'skipped'), what);
    // A reader that is not linear needs minutes; a slow machine, not more than this.
    assert.ok(performance.now() - began < 5_000);
  });
});

function attributes(count: number): string {
  return `<a${[...Array(count).keys()].map((n) => ` b${n}=""`).join('')}/>`;
}

function namespaces(count: number): string {
  const declared = [...Array(count).keys()].map((n) => ` xmlns:n${n}="u"`);
  return `<a${declared.slice(0, 32).join('')}><b${declared.slice(32).join('')}/></a>`;
}

function nested(depth: number): string {
  return `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
}

function wide(count: number): string {
  return `<a>${'<b/>'.repeat(count - 1)}</a>`;
}

async function certificatesOf(trust: SamlTrust): Promise<readonly string[]> {
  return (await trust.current())?.certificates ?? [];
}

function bare(certificate: string): string {
  return certificate.replace(/-----[A-Z ]+-----|\n/g, '');
}
