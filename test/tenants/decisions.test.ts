import assert from 'node:assert/strict';
import { clientPolicyOf, defaultRedemption } from '../../src/domain/tenant.ts';
import { check, faultsIn, oidc, tenantOf } from './tenant-file.ts';

const consumers = `consumerAccounts: { displayName: C, ${oidc}, members: { lookup: { url: https://x.example, token: { env: UP } } } }`;
const off = 'emailOneTimePasscode: disabled';
const LOCKED_OUT = /emailOneTimePasscode {2}guests whom no primary provider knows cannot redeem; /;

async function redemptionOf(text: string) {
  return (await tenantOf(`redemption: { ${text} }`)).redemption;
}

describe('redemption', () => {
  it('R53 keeps the order that is written, and the default where nothing is', async () => {
    assert.deepEqual(await redemptionOf(''), defaultRedemption);
    const order = ['socialIdentityProviders', 'homeDirectory'];
    assert.deepEqual((await redemptionOf(`order: [${order.join(', ')}]`))!.order, order);
    assert.equal((await tenantOf('')).redemption, undefined);
  });

  it('R53 reads defaultConfiguredIdp as the default, and swaps the fallbacks', async () => {
    const { fallback } = (await redemptionOf('fallback: defaultConfiguredIdp'))!;
    assert.deepEqual(fallback, ['consumerAccount', 'emailOneTimePasscode']);
    const swapped = await redemptionOf('fallback: [emailOneTimePasscode, consumerAccount]');
    assert.deepEqual(swapped!.fallback, ['emailOneTimePasscode', 'consumerAccount']);
  });

  it('R53 refuses a provider twice and one it does not know', async () => {
    assert.deepEqual(
      await faultsIn(
        'redemption:\n  order: [homeDirectory, homeDirectory, homeDirectori]\n  fallback: [emailOneTimePasscode, emailOneTimePasscode]',
      ),
      [
        'a.yaml:4:41  redemption.order[2]  unknown value "homeDirectori"; did you mean "homeDirectory"?',
      ],
    );
    assert.deepEqual(
      await faultsIn(
        'redemption:\n  order: [homeDirectory, homeDirectory]\n  fallback: [emailOneTimePasscode, emailOneTimePasscode]',
      ),
      [
        'a.yaml:4:26  redemption.order[1]  homeDirectory stands twice; keep one of the two',
        'a.yaml:5:36  redemption.fallback[1]  emailOneTimePasscode stands twice; keep one of the two',
      ],
    );
    const word = await faultsIn('redemption: { fallback: [microsoftAccount] }');
    assert.match(
      word[0]!,
      /redemption\.fallback.* not a list of fallbacks; write \[consumerAccount, /,
    );
  });

  it('R54 takes every primary provider off', async () => {
    assert.deepEqual((await redemptionOf('order: []'))!.order, []);
  });

  for (const [title, text, fault] of [
    [
      'an empty list',
      'redemption: { fallback: [] }',
      /no fallback is left; add emailOneTimePasscode/,
    ],
    [
      'the passcode alone while it is disabled',
      `${consumers}\n${off}\nredemption: { fallback: [emailOneTimePasscode] }`,
      /no fallback is left: emailOneTimePasscode is disabled; set emailOneTimePasscode to enabled/,
    ],
    [
      'consumer accounts alone while there are none',
      'redemption: { fallback: [consumerAccount] }',
      /no fallback is left: there are no consumerAccounts; add emailOneTimePasscode/,
    ],
    [
      'both while neither works',
      `${off}\nredemption: { fallback: [consumerAccount, emailOneTimePasscode] }`,
      /no fallback is left: emailOneTimePasscode is disabled, and there are no consumerAccounts; /,
    ],
  ] as const) {
    it(`R54 refuses a fallback of ${title}`, async () => {
      const lines = await faultsIn(text);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, /^a\.yaml:\d+:\d+ {2}redemption\.fallback {2}/);
      assert.match(lines[0]!, fault);
    });
  }

  it('R54 takes one fallback that works', async () => {
    for (const text of [
      `${consumers}\n${off}`,
      `${consumers}\n${off}\nredemption: { fallback: [consumerAccount] }`,
      'redemption: { fallback: [emailOneTimePasscode] }',
    ]) {
      assert.deepEqual([(await check(text)).faults, (await check(text)).notices], [[], []]);
    }
  });

  it('R41 R42 tells of a tenant that lets nobody in whom no place knows', async () => {
    for (const text of [off, `${off}\nredemption: { era: staged }`, 'redemption: { cloud: gov }']) {
      const { faults, notices } = await check(text);
      assert.deepEqual(faults, []);
      assert.equal(notices.length, 1);
      assert.match(notices[0]!, LOCKED_OUT);
    }
    const { notices } = await check('emailOneTimePasscode: enabled\nredemption: { cloud: gov }');
    assert.deepEqual(notices, []);
  });

  it('R37 R39 reads instants as epoch seconds', async () => {
    const found = await redemptionOf(
      'era: staged, rolloutAt: 2022-01-15T00:00:00Z, createdAt: 2020-05-01T02:00:00+02:00',
    );
    assert.equal(found!.rolloutAt, Date.UTC(2022, 0, 15) / 1000);
    assert.equal(found!.createdAt, Date.UTC(2020, 4, 1) / 1000);
    for (const text of ['2022-02-30T00:00:00Z', '2022-01-15', 'soon', '2022-01-15T00:00:00']) {
      const lines = await faultsIn(`redemption: { rolloutAt: ${text} }`);
      assert.match(lines[0]!, /redemption\.rolloutAt {2}not an instant; write it like 2022-01-15T/);
    }
  });

  it('R40 takes unmanaged accounts in era staged alone', async () => {
    const unmanaged = consumers.replace('consumerAccounts', 'unmanagedAccounts');
    assert.deepEqual(await faultsIn(unmanaged), [
      'a.yaml:3:1  unmanagedAccounts  accounts that era current does not know; delete them, or set redemption.era to staged',
    ]);
    assert.deepEqual(await faultsIn(`${unmanaged}\nredemption: { era: staged }`), []);
  });
});

describe('domains', () => {
  it('R73 reads an allow list or a block list as lower-case A-labels', async () => {
    const allowed = await tenantOf('domains: { allow: [Partner.example, exämple.com] }');
    assert.deepEqual(allowed.domainList, { allow: ['partner.example', 'xn--exmple-cua.com'] });
    const blocked = await tenantOf('domains: { block: [partner.example] }');
    assert.deepEqual(blocked.domainList, { block: ['partner.example'] });
    assert.equal((await tenantOf('')).domainList, undefined);
  });

  for (const [text, fault] of [
    [
      '{ allow: [a.example], block: [b.example] }',
      'domains  both allow and block; write one of the two',
    ],
    ['{}', 'domains  neither allow nor block; write one of the two'],
    ['{ allow: [] }', 'domains.allow  a list that lets nobody in; add a domain'],
    ['{ block: ["*.example"] }', 'domains.block[0]  not a domain; write it like fabrikam.com'],
  ] as const) {
    it(`R73 refuses ${text}`, async () => {
      const lines = await faultsIn(`domains: ${text}`);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert(lines[0]!.endsWith(`  ${fault}`), lines[0]);
    });
  }
});

describe('invitations', () => {
  it('R64 R75 reads who may invite, for how long, in which language', async () => {
    const { invitations } = await tenantOf(
      'invitations: { whoMayInvite: members, lifetimeDays: 7 }',
    );
    const days = { lifetimeSeconds: 7 * 86_400 };
    assert.deepEqual(invitations, { whoMayInvite: 'members', ...days });
    assert.equal((await tenantOf('')).invitations, undefined);
    const other = await tenantOf('language: de\ninvitations: { language: fr }');
    assert.equal(other.invitations?.language, 'fr');
    assert.equal(other.language, 'de');
  });

  for (const [text, fault] of [
    ['lifetimeDays: 0', /lifetimeDays {2}must be 1 or more/],
    ['lifetimeDays: 366', /lifetimeDays {2}must be 365 or less/],
    ['lifetimeDays: 1.5', /lifetimeDays {2}expected a whole number/],
    ['language: tlh', /language {2}unknown value "tlh"; write one of en, de, /],
    ['whoMayInvite: member', /whoMayInvite {2}unknown value "member"; did you mean "members"\?/],
  ] as const) {
    it(`S57 refuses ${text}`, async () => {
      const lines = await faultsIn(`invitations: { ${text} }`);
      assert.equal(lines.length, 1, lines.join('\n'));
      assert.match(lines[0]!, fault);
    });
  }
});

describe('guestsMayLeave', () => {
  it('R77 needs a privacy statement to be true', async () => {
    assert.deepEqual(await faultsIn('guestsMayLeave: true'), [
      'a.yaml:3:17  guestsMayLeave  guests may leave only where there is a privacy statement; add privacyUrl, or delete the line',
    ]);
    const privacy = 'privacyUrl: https://a.example/privacy';
    assert.equal((await tenantOf(`guestsMayLeave: true\n${privacy}`)).guestsMayLeave, true);
    assert.equal((await tenantOf('guestsMayLeave: false')).guestsMayLeave, false);
    assert.equal((await tenantOf(privacy)).guestsMayLeave, undefined);
  });
});

const app = (more: string) =>
  `clients:\n  - { client_id: app, redirect_uris: [https://a.example/cb]${more} }`;

describe('clients[].guests', () => {
  it('R10 R11 stays out of the metadata and stands beside it', async () => {
    const tenant = await tenantOf(
      app(', guests: { selfServiceSignUp: true, emailOneTimePasscode: false }'),
    );
    assert.deepEqual(Object.keys(tenant.clients[0]!).toSorted(), [
      'client_id',
      'redirect_uris',
      'token_endpoint_auth_method',
    ]);
    const policy = { selfServiceSignUp: true, emailOneTimePasscode: false };
    assert.deepEqual(clientPolicyOf(tenant, 'app'), policy);
  });

  it('R10 R11 keeps the defaults of what is not said', async () => {
    const policy = { selfServiceSignUp: false, emailOneTimePasscode: true };
    const tenant = await tenantOf(app(', guests: {}'));
    assert.deepEqual(tenant.clientPolicies, { app: policy });
    assert.equal((await tenantOf(app(''))).clientPolicies, undefined);
  });

  it('S57 refuses an unknown key, and the id of our own pages', async () => {
    const [unknown] = await faultsIn(app(', guests: { selfServiceSignup: true }'));
    assert.match(unknown!, /unknown key "selfServiceSignup"; did you mean "selfServiceSignUp"\?$/);
    const [reserved] = await faultsIn(app('').replace('app', 'guestpass-home'));
    assert.match(reserved!, /clients\[0\]\.client_id {2}the id of this server's own pages; /);
  });
});
