// Owns the states of the pages of an invitation, and of the guest's own page.

import { homeOf } from '../http/home.ts';
import { LONG_ADDRESS, LONG_NAME, REFERENCE, RIGHT_TO_LEFT, type Sample } from './sample.ts';
import { type PageStates, show } from './state.ts';

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
  const own = homeOf(guest, tenant);
  const sampled = [
    { name: 'Documents', url: `https://docs.${tenant.id}.example/` },
    { name: 'Projects', url: `https://projects.${tenant.id}.example/` },
  ];
  const applications = own.applications.length > 0 ? own.applications : sampled;
  const whose = own.applications.length > 0 ? '' : ' (the tenant lists none: sample)';

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
      show('guest', `a guest and their apps${whose}`, { ...home, guest: { ...own, applications } }),
      show('no-apps', 'a guest, and no app says where to open it', {
        ...home,
        guest: { ...own, name: null, applications: [] },
      }),
      show('leaving', 'a guest who may leave', {
        ...home,
        guest: { ...own, applications, leaving: 'allowed' },
      }),
      show('staying', 'a guest who has to ask to leave', {
        ...home,
        guest: { ...own, applications, leaving: 'contact' },
      }),
      show('left', 'left just now', { ...home, guest: null, notice: 'left' }),
      show('right-to-left', 'a name read from right to left', {
        ...home,
        guest: { ...own, applications, name: RIGHT_TO_LEFT },
      }),
      show('long', 'long names', {
        ...home,
        guest: {
          ...own,
          name: LONG_NAME,
          address: LONG_ADDRESS,
          applications: [
            { name: LONG_NAME, url: 'https://docs.partner.example/' },
            ...applications,
          ],
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
