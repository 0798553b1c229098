import assert from 'node:assert/strict';
import { curveCertificate, endedCertificate, goodCertificate } from './certificates.ts';
import { check, type CheckOptions, connectionsOf, faultsIn, oidc } from './tenant-file.ts';

const certificate = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
const metadata = (issuer: string, pem: string) =>
  `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="${issuer}"><IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><KeyDescriptor use="signing"><KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data><X509Certificate>${certificate(pem)}</X509Certificate></X509Data></KeyInfo></KeyDescriptor><SingleSignOnService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect" Location="https://idp.partner.example/sso"/></IDPSSODescriptor></EntityDescriptor>`;

const files = {
  'saml/good.pem': goodCertificate,
  'saml/ended.pem': endedCertificate,
  'saml/curve.pem': curveCertificate,
  'saml/two.pem': goodCertificate + endedCertificate,
  'saml/key.pem': '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n',
  'saml/good.xml': metadata('https://idp.partner.example', goodCertificate),
  'saml/ended.xml': metadata('https://idp.partner.example', endedCertificate),
  'saml/old.xml': metadata('https://idp.partner.example', goodCertificate).replace(
    'entityID',
    'validUntil="2020-01-01T00:00:00Z" entityID',
  ),
  'saml/bad.xml': '<html/>',
};
const federation = (saml: string) =>
  `federations:\n  - id: p\n    displayName: P\n    domains: [partner.example]\n    saml: ${saml}`;
const byHand = 'issuer: urn:p, singleSignOnUrl: https://idp.partner.example/sso';

async function samlOf(saml: string) {
  const [found] = await connectionsOf(federation(saml), { files });
  return found!.upstream;
}

const faults = (saml: string, options: CheckOptions = {}) =>
  faultsIn(federation(saml), { files, ...options });

describe('resolveSaml', () => {
  it('R51 takes metadata by URL with the issuer that must stand in it', async () => {
    const url = 'metadata: { url: https://idp.partner.example/metadata }';
    assert.deepEqual(await samlOf(`{ ${url}, issuer: "https://idp.partner.example" }`), {
      protocol: 'saml',
      issuer: 'https://idp.partner.example',
      metadataUrl: 'https://idp.partner.example/metadata',
      singleSignOnUrl: undefined,
      certificates: [],
      responseSigned: true,
    });
    assert.deepEqual(await faults(`{ ${url} }`), [
      'a.yaml:7:11  federations[0].saml.issuer  required key missing; add "issuer" beside metadata.url',
    ]);
  });

  it('R51 takes metadata from a file, the issuer with it', async () => {
    assert.deepEqual(await samlOf('{ metadata: { file: ../saml/good.xml } }'), {
      protocol: 'saml',
      issuer: 'https://idp.partner.example',
      metadataUrl: undefined,
      singleSignOnUrl: 'https://idp.partner.example/sso',
      certificates: [goodCertificate],
      responseSigned: true,
    });
    assert.match(
      (await faults('{ metadata: { file: ../saml/good.xml }, issuer: "urn:other" }'))[0]!,
      /:7:\d+ {2}federations\[0\]\.saml\.issuer {2}not the issuer of the metadata; delete the line/,
    );
    assert.match(
      (await faults('{ metadata: { file: ../saml/bad.xml } }'))[0]!,
      /:7:31 {2}federations\[0\]\.saml\.metadata\.file {2}in "saml\/bad\.xml": not the metadata of one/,
    );
  });

  it('R51 takes issuer, address and certificates by hand, as files or as text', async () => {
    const text = goodCertificate.trim().replaceAll('\n', '\\n');
    const found = await samlOf(
      `{ ${byHand}, certificates: [{ file: ../saml/ended.pem }, "${text}"], responseSigned: false }`,
    );
    assert.deepEqual(found, {
      protocol: 'saml',
      issuer: 'urn:p',
      metadataUrl: undefined,
      singleSignOnUrl: 'https://idp.partner.example/sso',
      certificates: [endedCertificate, goodCertificate],
      responseSigned: false,
    });
    assert.deepEqual(
      (await faults('{}')).map((line) => line.split('  ').slice(1).join('  ')),
      ['issuer', 'singleSignOnUrl', 'certificates'].map(
        (key) => `federations[0].saml.${key}  required key missing; add "${key}", or metadata`,
      ),
    );
  });

  it('R51 tells of a certificate that has ended and of metadata that is too old', async () => {
    for (const [saml, notice] of [
      [
        `{ ${byHand}, certificates: [{ file: ../saml/ended.pem }] }`,
        /^tenants\/a\.yaml:7:\d+ {2}federations\[0\]\.saml\.certificates\[0\] {2}this certificate ended on 2020-01-01; /,
      ],
      ['{ metadata: { file: ../saml/ended.xml } }', /this certificate ended on 2020-01-01; /],
      ['{ metadata: { file: ../saml/old.xml } }', /this metadata says it is too old; /],
    ] as const) {
      const { notices, faults } = await check(federation(saml), { files });
      assert.deepEqual(faults, []);
      assert.match(notices[0]!, notice);
      assert.equal(notices.length, 1);
    }
  });

  it('S54 tells of a response that need not be signed', async () => {
    const saml = '{ metadata: { file: ../saml/good.xml }, responseSigned: false }';
    const { notices } = await check(federation(saml), { files });
    assert.match(
      notices[0]!,
      /:7:\d+ {2}federations\[0\]\.saml\.responseSigned {2}what stands around/,
    );
  });

  for (const [file, why] of [
    ['curve', /not a certificate with an RSA key of 2048 bits or more/],
    ['key', /not a certificate with an RSA key/],
    ['two', /more than one certificate; write each as an entry of its own/],
    ['none', /the file "saml\/none\.pem" does not exist/],
  ] as const) {
    it(`S54 refuses ${file}.pem for a certificate`, async () => {
      const lines = await faults(`{ ${byHand}, certificates: [{ file: ../saml/${file}.pem }] }`);
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, why);
    });
  }

  for (const [saml, why] of [
    ['metadata: {}', /saml\.metadata {2}neither url nor file/],
    [
      'metadata: { url: https://x.example, file: ../saml/good.xml }',
      /saml\.metadata {2}both url and file/,
    ],
    [
      'metadata: { file: ../saml/good.xml }, singleSignOnUrl: https://x.example',
      /saml\.singleSignOnUrl {2}both metadata and singleSignOnUrl; keep one of the two/,
    ],
    [
      'metadata: { file: ../saml/good.xml }, certificates: [{ file: ../saml/good.pem }]',
      /saml\.certificates {2}both metadata and certificates; keep one of the two/,
    ],
    [`${byHand}, certificates: []`, /saml\.certificates {2}no certificate; add one/],
    ['metadata: { file: ../../good.xml }', /metadata\.file {2}a file outside the configuration/],
  ] as const) {
    it(`S57 refuses { ${saml.slice(0, 70)} }`, async () => {
      const lines = await faults(`{ ${saml} }`);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, why);
    });
  }

  it('S53 refuses plain http on a public server', async () => {
    const options = { isPublic: true };
    const url = '{ metadata: { url: "http://127.0.0.1:1" }, issuer: urn:p }';
    assert.match((await faults(url, options))[0]!, /metadata\.url {2}http, while publicUrl/);
    const sso = `{ issuer: urn:p, singleSignOnUrl: "http://127.0.0.1:1", certificates: [{ file: ../saml/good.pem }] }`;
    assert.match((await faults(sso, options))[0]!, /singleSignOnUrl {2}http, while publicUrl/);
  });

  it('refuses oidc and saml in one federation', async () => {
    const text = `${federation('{ metadata: { file: ../saml/good.xml } }')}\n    ${oidc}`;
    assert.deepEqual(await faultsIn(text, { files }), [
      'a.yaml:4:5  federations[0]  both oidc and saml; write one of the two',
    ]);
  });
});
