// Owns the states of the pages of an invitation, and of the guest's own page.

import { applicationsOf, TILES } from '../http/home-page.ts';
import type { GuestHome } from '../http/page.ts';
import { LONG_ADDRESS, LONG_NAME, REFERENCE, RIGHT_TO_LEFT, type Sample } from './sample.ts';
import { type PageStates, show } from './state.ts';

const MANY = [
  'Archive',
  'Budget and purchasing',
  'Calendar',
  'Documents',
  'Engineering drawings',
  'Fleet',
  'Help desk',
  'Learning',
  'Meeting rooms',
  'Projects',
  'Supplier portal for the northern region',
  'Travel',
];
const RIGHT_TO_LEFT_MESSAGE = 'مرحبا تيري،\nالمستندات ليوم الثلاثاء هنا.\nمريم';

/** Every state of being invited, of one's own page, and of leaving. */
export function guestStates(
  sample: Sample,
): PageStates<'invitation' | 'block-invitations' | 'invitation-broken' | 'tenant-home' | 'leave'> {
  const { tenant, landing, guest } = sample;
  const { address, invitation } = guest;
  const { tenantName, support, privacyUrl, csrf } = landing;
  const page = { ...landing, page: 'invitation', state: 'open', address } as const;
  const { message = null, redirectUrl } = invitation ?? {};
  const full = { ...page, message, target: redirectUrl ? new URL(redirectUrl).host : null };
  const base = `/${tenant.id}/signin/home`;
  const home = { page: 'tenant-home', tenantName, support, privacyUrl, base, csrf } as const;
  const sampled = ['Documents', 'Projects'].map((name, index) => ({
    name,
    url: `https://${name.toLowerCase()}.${tenant.id}.example/`,
    icon: null,
    letter: name.slice(0, 1),
    tile: index % TILES,
  }));
  const configured = applicationsOf({
    guest,
    tenant,
    base: `/${tenant.id}`,
    issuer: `${sample.publicUrl}/${tenant.id}/v2.0`,
  });
  const applications = configured.length > 0 ? configured : sampled;
  const whose = configured.length > 0 ? '' : ' (the tenant lists none: sample)';
  const here = {
    name: 'here',
    browser: { browser: 'Chrome', system: 'Windows' },
    isThis: true,
    hours: 0,
    applications: applications.slice(0, 2).map(({ name }) => name),
  };
  const phone = {
    ...here,
    name: 'phone',
    browser: { browser: 'Safari', system: 'iOS' },
    isThis: false,
    hours: 3,
  };
  const own: GuestHome = {
    address,
    name: guest.displayName,
    applications,
    organisations: [],
    sessions: [here],
    invitations: 'taken',
    leaving: privacyUrl === null ? 'contact' : 'allowed',
  };
  const others = [
    { name: 'Contoso', url: '/contoso/', accepted: true },
    { name: 'Northwind Traders', url: '/northwind/', accepted: false },
  ];
  const many = MANY.map((name, index) => ({
    ...sampled[0]!,
    name,
    letter: name.slice(0, 1),
    tile: index % TILES,
  }));

  return {
    invitation: [
      show('', 'with a message, and an application to go to', full),
      show('plain', 'nobody is named, no message, to the guest’s own page', {
        ...page,
        inviter: null,
        message: null,
        target: null,
      }),
      show('accepted', 'accepted before', { ...full, state: 'accepted' }),
      show('expired', 'too late', { ...full, state: 'expired' }),
      show('expired-plain', 'too late, and nobody is named', {
        ...full,
        state: 'expired',
        inviter: null,
      }),
      show('right-to-left', 'a name and a message read from right to left', {
        ...full,
        inviter: RIGHT_TO_LEFT,
        message: RIGHT_TO_LEFT_MESSAGE,
      }),
      show('long', 'long names, addresses and words', {
        ...full,
        inviter: LONG_NAME,
        address: LONG_ADDRESS,
        message: `${LONG_NAME.repeat(7)}\n${'and so on '.repeat(12)}`,
        target: LONG_ADDRESS.split('@')[1]!,
      }),
    ],
    'block-invitations': [
      show('', 'asks first', { ...landing, page: 'block-invitations', blocked: false }),
      show('done', 'blocked, and the way back', {
        ...landing,
        page: 'block-invitations',
        blocked: true,
      }),
    ],
    'invitation-broken': [
      show('', 'a link that does not work', {
        page: 'invitation-broken',
        tenantName,
        reference: REFERENCE,
      }),
      show('anywhere', 'no organisation is known', {
        page: 'invitation-broken',
        tenantName: '',
        reference: REFERENCE,
      }),
    ],
    'tenant-home': [
      show('', 'nobody is signed in', { ...home, guest: null }),
      show('guest', `a guest and their apps${whose}`, { ...home, guest: own }),
      show('no-apps', 'a guest, and no app says where to open it', {
        ...home,
        guest: { ...own, name: null, applications: [], sessions: [{ ...here, applications: [] }] },
      }),
      show('many-apps', 'twelve apps', { ...home, guest: { ...own, applications: many } }),
      show('everything', 'two browsers, and other organisations', {
        ...home,
        guest: { ...own, organisations: others, sessions: [here, phone] },
      }),
      show('some-browser', 'a browser that does not say what it is', {
        ...home,
        guest: { ...own, sessions: [here, { ...phone, browser: null, hours: 1 }] },
      }),
      show('blocked', 'further invitations are blocked', {
        ...home,
        guest: { ...own, invitations: 'blocked' },
        notice: 'invitations-blocked',
      }),
      show('allowed', 'invitations are allowed again', {
        ...home,
        guest: own,
        notice: 'invitations-allowed',
      }),
      show('signed-out-there', 'signed out in another browser just now', {
        ...home,
        guest: own,
        notice: 'signed-out-there',
      }),
      show('leaving', 'a guest who may leave', { ...home, guest: { ...own, leaving: 'allowed' } }),
      show('staying', 'a guest who has to ask to leave', {
        ...home,
        guest: { ...own, leaving: 'contact' },
      }),
      show('signed-out', 'signed out just now', { ...home, guest: null, notice: 'signed-out' }),
      show('signed-out-everywhere', 'signed out in every browser just now', {
        ...home,
        guest: null,
        notice: 'signed-out-everywhere',
      }),
      show('left', 'left just now', { ...home, guest: null, notice: 'left' }),
      show('right-to-left', 'names read from right to left', {
        ...home,
        guest: {
          ...own,
          name: RIGHT_TO_LEFT,
          applications: [
            { ...sampled[0]!, name: RIGHT_TO_LEFT, letter: RIGHT_TO_LEFT.slice(0, 1) },
            ...applications,
          ],
          organisations: [{ ...others[0]!, name: RIGHT_TO_LEFT }],
        },
      }),
      show('long', 'long names', {
        ...home,
        guest: {
          ...own,
          name: LONG_NAME,
          address: LONG_ADDRESS,
          applications: [
            { ...sampled[0]!, name: LONG_NAME, letter: LONG_NAME.slice(0, 1) },
            ...applications,
          ],
          organisations: [{ ...others[1]!, name: LONG_NAME }, ...others],
          sessions: [{ ...here, applications: [LONG_NAME, LONG_NAME] }, phone],
        },
      }),
    ],
    leave: [
      show('', 'asks first', { page: 'leave', tenantName, support, base, csrf, address }),
      show('long', 'the longest address', {
        page: 'leave',
        tenantName,
        support,
        base,
        csrf,
        address: LONG_ADDRESS,
      }),
    ],
  };
}
