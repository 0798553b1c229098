import assert from 'node:assert/strict';
import { jpeg, png, svg } from './pictures.ts';
import { check, faultsIn, tenantOf } from './tenant-file.ts';

const KIB = 1024;
const files = {
  'branding/logo.svg': svg(),
  'branding/logo.png': png(64, 16),
  'branding/photo.jpg': jpeg,
  'branding/script.svg': svg('<script/>'),
  'branding/large.svg': svg(' '.repeat(100 * KIB)),
};
const branding = (text: string) => `branding:\n${text.replace(/^/gm, '  ')}`;
const faults = (text: string) => faultsIn(branding(text), { files });
const lookOf = async (text: string) => (await tenantOf(branding(text), { files })).branding;
const notices = async (text: string) => (await check(branding(text), { files })).notices;

const clientWith = (icon: string) =>
  `clients:\n  - client_id: docs\n    redirect_uris: [https://a.example/cb]\n    icon: ${icon}`;

describe('resolveBranding', () => {
  it('reads files, colours and links', async () => {
    const look = await lookOf(`logo: { file: ../branding/logo.svg }
logoDark: { file: ../branding/logo.png }
favicon: { file: ../branding/logo.svg }
accent: "#0F766E"
background: { file: ../branding/photo.jpg }
footerLinks: [{ label: Imprint, url: https://a.example/imprint }]`);
    assert.deepEqual(look, {
      logo: { type: 'image/svg+xml', bytes: Buffer.from(files['branding/logo.svg']) },
      logoDark: { type: 'image/png', bytes: files['branding/logo.png'] },
      favicon: { type: 'image/svg+xml', bytes: Buffer.from(files['branding/logo.svg']) },
      accent: '#0f766e',
      background: { type: 'image/jpeg', bytes: jpeg },
      footerLinks: [{ label: 'Imprint', url: 'https://a.example/imprint' }],
    });
    assert.deepEqual(await lookOf('background: "#FCE4EC"'), { background: '#fce4ec' });
    assert.equal(await lookOf('{}'), undefined);
  });

  it('S57 reads the icon of an application, judged as a logo is', async () => {
    const { clients, clientPolicies } = await tenantOf(
      clientWith('{ file: ../branding/logo.png }'),
      {
        files,
      },
    );
    assert.deepEqual(clientPolicies?.['docs']?.icon, {
      type: 'image/png',
      bytes: files['branding/logo.png'],
    });
    // Nothing of it is metadata: the engine refuses what it does not know.
    assert.equal(clients[0]?.['icon'], undefined);
    for (const [icon, fault] of [
      [
        '{ file: ../branding/script.svg }',
        'a.yaml:6:19  clients[0].icon.file  in "branding/script.svg": an element script; export it as plain SVG',
      ],
      [
        '{ file: ../branding/photo.jpg }',
        'a.yaml:6:19  clients[0].icon.file  in "branding/photo.jpg": a picture of kind JPEG; save it as PNG or SVG',
      ],
      [
        '{ file: ../branding/large.svg }',
        'a.yaml:6:19  clients[0].icon.file  the file "branding/large.svg" is larger than 100 KiB; make it smaller',
      ],
      [
        '{ file: ../../outside.svg }',
        'a.yaml:6:19  clients[0].icon.file  a file outside the configuration folder; put it inside',
      ],
      [
        'https://docs.example/icon.png',
        'a.yaml:6:11  clients[0].icon  expected a file; write { file: PATH }',
      ],
    ] as const) {
      assert.deepEqual(await faultsIn(clientWith(icon), { files }), [fault]);
    }
  });

  it('says that a colour without quotes is a comment', async () => {
    assert.deepEqual(await faults('accent: #0b5fff'), [
      'a.yaml:4:3  branding.accent  no value: # begins a comment; put the value in quotes',
    ]);
    assert.deepEqual(await faults('background: #0b5fff'), [
      'a.yaml:4:3  branding.background  no value: # begins a comment; put the value in quotes',
    ]);
    assert.deepEqual(await faults('accent:\n# below'), [
      'a.yaml:4:3  branding.accent  no value; write one, or delete the line',
    ]);
  });

  it('S57 says where a picture is wrong, and how to mend it', async () => {
    assert.deepEqual(await faults('logo: { file: ../branding/script.svg }'), [
      'a.yaml:4:17  branding.logo.file  in "branding/script.svg": an element script; export it as plain SVG',
    ]);
    assert.deepEqual(await faults('logo: { file: ../branding/photo.jpg }'), [
      'a.yaml:4:17  branding.logo.file  in "branding/photo.jpg": a picture of kind JPEG; save it as PNG or SVG',
    ]);
    assert.deepEqual(await faults('background: { file: ../branding/logo.svg }'), [
      'a.yaml:4:23  branding.background.file  in "branding/logo.svg": a picture of kind SVG; save it as PNG or JPEG',
    ]);
    assert.deepEqual(await faults('logo: { file: ../branding/large.svg }'), [
      'a.yaml:4:17  branding.logo.file  the file "branding/large.svg" is larger than 100 KiB; make it smaller',
    ]);
    assert.deepEqual(await faults('logo: { file: ../branding/no.svg }'), [
      'a.yaml:4:17  branding.logo.file  the file "branding/no.svg" does not exist; create it, or mend its name',
    ]);
  });

  it('S57 reads nothing outside the configuration folder', async () => {
    for (const file of ['../../logo.svg', '/etc/passwd']) {
      assert.deepEqual(await faults(`logo: { file: ${file} }`), [
        'a.yaml:4:17  branding.logo.file  a file outside the configuration folder; put it inside',
      ]);
    }
  });

  it('S57 takes no shape but its own', async () => {
    const cases = [
      [
        'logoDark: { file: ../branding/logo.png }',
        /logoDark {2}logoDark without logo; add "logo"$/,
      ],
      ['logo: logo.svg', /logo {2}expected a file; write \{ file: PATH \}$/],
      ['acent: "#112233"', /did you mean "accent"\?$/],
      ['accent: red', /accent {2}not a colour; write it like "#1a56b4", in quotes$/],
      ['accent: "#fff"', /accent {2}not a colour/],
      ['background: red', /background {2}not a colour/],
      ['background: [red]', /neither a colour nor a file; write "#rrggbb" in quotes, or/],
      ['footerLinks: [{ label: Imprint, url: http://a.example/ }]', /http is accepted for/],
      ['footerLinks: [{ label: www.evil.example, url: https://a.example/ }]', /reads like a web/],
      [
        `footerLinks: [${'{ label: I, url: https://a.example/ }, '.repeat(5)}]`,
        /more than 4 links; keep those that guests need$/,
      ],
    ] as const;
    for (const [text, expected] of cases) {
      const [fault = '', ...others] = await faults(text);
      assert.match(fault, expected);
      assert.deepEqual(others, [], text);
    }
  });

  it('tells where an accent cannot be used, with the numbers', async () => {
    assert.deepEqual(await notices('accent: "#f2c811"'), [
      'tenants/a.yaml:4:11  branding.accent  #f2c811 is 1.61:1 on white: used for buttons only, with black text; in dark mode for links too, 9.92:1',
    ]);
    assert.deepEqual(await notices('accent: "#777777"'), [
      'tenants/a.yaml:4:11  branding.accent  #777777 is 4.48:1 on white: used for buttons, with black text, and the focus, not for links',
    ]);
    assert.deepEqual(await notices('accent: "#0b5fff"'), []);
  });
});
