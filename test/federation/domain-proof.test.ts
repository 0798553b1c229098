import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { once } from 'node:events';
import type { Connection } from '../../src/domain/identity-provider.ts';
import { createDomainProofs, proofNeeded } from '../../src/federation/domain-proof.ts';

const SSO = 'https://login.idp.example/sso';
const EXPECTED = `DirectFedAuthUrl=${SSO}`;

describe('proof of a federation by DNS', () => {
  describe('is needed', () => {
    const cases: readonly (readonly [url: string, domain: string, needed: boolean])[] = [
      ['https://partner.example/sso', 'partner.example', false],
      ['https://login.partner.example/sso', 'partner.example', false],
      ['https://LOGIN.Partner.example:8443/sso', 'partner.example', false],
      ['https://login.idp.example/sso', 'partner.example', true],
      ['https://evilpartner.example/sso', 'partner.example', true],
      ['https://partner.example.evil.example/sso', 'partner.example', true],
      ['https://partner.example/sso', 'sub.partner.example', true],
    ];
    for (const [url, domain, needed] of cases) {
      it(`R50 ${needed ? 'of' : 'not of'} ${domain} for ${url}`, () => {
        const asked = proofNeeded(saml([domain], { singleSignOnUrl: url }));
        const expected = `DirectFedAuthUrl=${url}`;
        assert.deepEqual(asked, [{ domain, needed, expected }]);
      });
    }

    it('R50 by the issuer of an OpenID Provider, by the metadata of a SAML one known by it', () => {
      const oidc: Connection = {
        ...saml(['partner.example'], {}),
        upstream: {
          protocol: 'oidc',
          issuer: 'https://login.idp.example/v2',
          clientId: 'guestpass',
          clientSecret: 'secret',
          scope: '',
        },
      };
      assert.equal(proofNeeded(oidc)[0]?.expected, 'DirectFedAuthUrl=https://login.idp.example/v2');
      const metadataUrl = 'https://login.idp.example/metadata';
      const known = saml(['partner.example'], { singleSignOnUrl: undefined, metadataUrl });
      assert.equal(proofNeeded(known)[0]?.expected, `DirectFedAuthUrl=${metadataUrl}`);
    });

    it('R50 of external federations alone', () => {
      assert.deepEqual(proofNeeded({ ...saml(['partner.example'], {}), method: 'google' }), []);
      assert.deepEqual(proofNeeded({ ...saml(['partner.example'], {}), domains: 'any' }), []);
    });
  });

  describe('is looked up', () => {
    let dns: DnsServer;
    let now: number;

    beforeEach(async () => {
      now = 1_800_000_000;
      dns = await startDns();
    });
    afterEach(() => dns.stop());

    it('R50 proves the domains that carry the record and no other', async () => {
      dns.records.set('partner.example', ['v=spf1 -all', EXPECTED]);
      dns.records.set('other.example', ['v=spf1 -all']);
      const domains = ['partner.example', 'other.example', 'silent.example', 'idp.example'];
      assert.deepEqual(await outcomes(domains), ['proven', 'missing', 'missing', 'not_needed']);
      assert.ok(!dns.asked.includes('idp.example'));
    });

    it('R50 takes the exact value alone', async () => {
      for (const value of [
        `${EXPECTED}/`,
        ` ${EXPECTED}`,
        EXPECTED.toLowerCase(),
        `x${EXPECTED}`,
      ]) {
        dns.records.set('partner.example', [value]);
        assert.deepEqual(await outcomes(['partner.example']), ['missing'], value);
      }
    });

    it('R50 puts a record in pieces together', async () => {
      const url = `https://login.idp.example/${'a'.repeat(300)}`;
      dns.records.set('partner.example', [`DirectFedAuthUrl=${url}`]);
      const [proof] = await proofs().check(saml(['partner.example'], { singleSignOnUrl: url }));
      assert.equal(proof?.outcome, 'proven');
    });

    it('R50 tells a name server that fails from a record that is missing', async () => {
      dns.fail(true);
      assert.deepEqual(await outcomes(['partner.example']), ['unreachable']);
    });

    it('R50 believes a proof for a day, and asks again a minute after anything else', async () => {
      const kept = proofs();
      const connection = saml(['partner.example'], {});
      const at = async (seconds: number) => {
        now = 1_800_000_000 + seconds;
        return (await kept.check(connection))[0]?.outcome;
      };
      assert.equal(await at(0), 'missing');
      dns.records.set('partner.example', [EXPECTED]);
      assert.equal(await at(59), 'missing');
      assert.equal(await at(60), 'proven');
      dns.records.delete('partner.example');
      assert.equal(await at(60 + 24 * 3600 - 1), 'proven');
      assert.equal(await at(60 + 24 * 3600), 'missing');
    });

    it('R50 asks once for many guests at a time', async () => {
      const kept = proofs();
      const connection = saml(['partner.example'], {});
      await Promise.all([1, 2, 3].map(() => kept.check(connection)));
      assert.equal(dns.asked.length, 1);
    });

    function proofs() {
      const resolver = new Resolver({ timeout: 2000, tries: 1 });
      resolver.setServers([dns.address]);
      return createDomainProofs({
        resolveTxt: (domain) => resolver.resolveTxt(domain),
        clock: () => now,
      });
    }

    async function outcomes(domains: readonly string[]): Promise<readonly string[]> {
      return (await proofs().check(saml(domains, {}))).map(({ outcome }) => outcome);
    }
  });
});

function saml(
  domains: readonly string[],
  change: { singleSignOnUrl?: string | undefined; metadataUrl?: string },
): Connection {
  return {
    id: 'partner',
    method: 'externalFederation',
    displayName: 'Partner',
    domains,
    members: { by: 'domain' },
    inbound: 'allowed',
    automaticRedemption: { inbound: false, outbound: false },
    regionScope: undefined,
    refusedDomains: [],
    consumerDomains: [],
    upstream: {
      protocol: 'saml',
      issuer: 'urn:partner',
      metadataUrl: undefined,
      singleSignOnUrl: SSO,
      certificates: [],
      responseSigned: true,
      ...change,
    },
  };
}

interface DnsServer {
  readonly address: string;
  readonly records: Map<string, readonly string[]>;
  readonly asked: readonly string[];
  fail(isFailing: boolean): void;
  stop(): Promise<void>;
}

/** A name server that knows TXT records and nothing else. */
async function startDns(): Promise<DnsServer> {
  const records = new Map<string, readonly string[]>();
  const asked: string[] = [];
  let isFailing = false;
  const socket: Socket = createSocket('udp4');
  socket.on('message', (query, from) => {
    const { name, end } = readName(query);
    asked.push(name);
    const found = records.get(name);
    const code = isFailing ? 2 : found === undefined ? 3 : 0;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(0x8180 | code, 2);
    header.writeUInt16BE(isFailing ? 0 : (found?.length ?? 0), 6);
    header.fill(0, 8);
    const answers = isFailing ? [] : (found ?? []).map(writeTxt);
    const question = query.subarray(12, end + 4);
    socket.send(Buffer.concat([header, question, ...answers]), from.port, from.address);
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  return {
    address: `127.0.0.1:${socket.address().port}`,
    records,
    asked,
    fail: (failing) => (isFailing = failing),
    stop: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString('ascii', at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join('.'), end: at + 1 };
}

function writeTxt(value: string): Buffer {
  const pieces = (value.match(/.{1,255}/g) ?? []).map((piece) =>
    Buffer.concat([Buffer.from([piece.length]), Buffer.from(piece)]),
  );
  const data = Buffer.concat(pieces);
  // Name by pointer to the question, TXT, IN, 60 seconds.
  const head = Buffer.from('c00c001000010000003c0000', 'hex');
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}
