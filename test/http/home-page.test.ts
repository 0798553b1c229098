import assert from 'node:assert/strict';
import { defaultClientPolicy, type Tenant } from '../../src/domain/tenant.ts';
import { applicationsOf, homeOf, nameOfSession, TILES } from '../../src/http/home-page.ts';
import type { OpenSession } from '../../src/oidc/guest-sessions.ts';
import { guestOf } from '../storage/contract/support.ts';

const NOW = 1_800_000_000;
const redirect_uris = ['https://app.example/cb'];
const tenant: Tenant = {
  id: 'a',
  displayName: 'A',
  verifiedDomains: [],
  emailOneTimePasscode: 'default',
  clients: [
    {
      client_id: 'docs',
      client_name: 'über alles',
      client_uri: 'https://docs.example/',
      redirect_uris,
    },
    {
      client_id: 'chat',
      client_uri: 'https://chat.example/',
      initiate_login_uri: 'https://chat.example/login?from=us',
      redirect_uris,
    },
    { client_id: 'quiet', redirect_uris },
    { client_id: 'payroll', client_uri: 'https://pay.example/', redirect_uris },
    {
      client_id: 'robot',
      client_uri: 'https://robot.example/',
      grant_types: ['client_credentials'],
      redirect_uris: [],
    },
  ],
  clientPolicies: {
    payroll: { ...defaultClientPolicy, emailOneTimePasscode: false },
    chat: {
      ...defaultClientPolicy,
      icon: { type: 'image/png', bytes: Buffer.from('picture') },
    },
  },
};
const place = { tenant, base: '/a', issuer: 'https://guest.example/a/v2.0' };
const guest = { ...guestOf('a'), method: 'emailOneTimePasscode' } as const;
const session: OpenSession = {
  tenant: 'a',
  uid: 'here',
  guest: guest.id,
  browser: { browser: 'Chrome', system: 'Windows' },
  byMail: true,
  signedInAt: NOW - 3599,
  expiresAt: NOW + 1,
  authorizations: { docs: { grantId: 'g' }, chat: {}, 'guestpass-home': { grantId: 'h' } },
};

describe('applicationsOf', () => {
  it('R11 names those this guest may open and that say where', () => {
    const shown = applicationsOf({ ...place, guest });
    assert.deepEqual(
      shown.map(({ name, url }) => [name, url]),
      [
        ['über alles', 'https://docs.example/'],
        ['chat', 'https://chat.example/login?from=us&iss=https%3A%2F%2Fguest.example%2Fa%2Fv2.0'],
      ],
    );
    const elsewhere = applicationsOf({ ...place, guest: { method: 'homeDirectory' } });
    assert.deepEqual(
      elsewhere.map(({ name }) => name),
      ['über alles', 'chat', 'payroll'],
    );
  });

  it('gives each its icon, or a letter as people count them', () => {
    const [docs, chat] = applicationsOf({ ...place, guest });
    assert.deepEqual([docs?.icon, docs?.letter], [null, 'Ü']);
    assert.match(chat?.icon ?? '', /^\/a\/branding\/icon\/[\w-]{16}$/);
    for (const { tile } of [docs!, chat!]) assert.ok(tile >= 0 && tile < TILES);
    const named = (client_name: string) =>
      applicationsOf({
        ...place,
        tenant: { ...tenant, clients: [{ ...tenant.clients[0]!, client_name }] },
        guest,
      })[0]?.letter;
    assert.equal(named(' 👩‍🚀 space'), '👩‍🚀');
    assert.equal(named('مريم'), 'م');
  });
});

describe('homeOf', () => {
  const facts = {
    ...place,
    guest,
    sessions: [session, { ...session, uid: 'there', signedInAt: NOW - 7200, authorizations: {} }],
    thisSession: 'here',
    organisations: [{ id: 'b', displayName: 'B', accepted: false }],
    isBlocked: true,
    now: NOW,
  };

  it('shows browsers by whole hours, by what was granted there, and not by what the engine calls them', () => {
    const { sessions, organisations, invitations } = homeOf(facts);
    assert.deepEqual(sessions, [
      {
        name: nameOfSession('here'),
        browser: { browser: 'Chrome', system: 'Windows' },
        isThis: true,
        hours: 0,
        applications: ['über alles'],
      },
      {
        name: nameOfSession('there'),
        browser: { browser: 'Chrome', system: 'Windows' },
        isThis: false,
        hours: 2,
        applications: [],
      },
    ]);
    assert.ok(!JSON.stringify(sessions).includes('"there"'));
    assert.deepEqual(organisations, [{ name: 'B', url: '/b/', accepted: false }]);
    assert.equal(invitations, 'blocked');
  });

  it('R77 offers leaving where there is a privacy statement', () => {
    assert.equal(homeOf(facts).leaving, 'contact');
    const open = { ...tenant, privacyUrl: 'https://a.example/privacy' };
    assert.equal(homeOf({ ...facts, tenant: open }).leaving, 'allowed');
  });
});
