// Owns the states of every mail.

import type { Tenant } from '../domain/tenant.ts';
import { maskNetwork } from '../domain/network.ts';
import { invitationCopy, invitationLetter } from '../guests/invitation-letter.ts';
import type { NoInvitationMail, PasscodeMail, SecurityNoticeMail } from '../mail/content.ts';
import type { Guest } from '../storage/store.ts';
import { ADDRESS, LONG_ADDRESS, LONG_NAME, RIGHT_TO_LEFT, type Sample } from './sample.ts';
import type { MailStates } from './state.ts';

const TICKET = 'sample-ticket';
// As long as real ones.
const UID = 'sample-sign-in-0123456789abcdefghijklmnopqr';
const KEY = 'sample-key-0123456789a';

/** Every mail, made as a request makes it. @param locale of the reader */
export function mailStates(sample: Sample, locale: string): MailStates {
  const { tenant, client, guest, limits, now, publicUrl } = sample;
  const about = {
    to: ADDRESS,
    locale,
    tenantName: tenant.displayName,
    clientName: client.name,
    support: tenant.support ?? null,
    privacyUrl: tenant.privacyUrl ?? null,
  };
  const passcode: PasscodeMail = {
    kind: 'passcode',
    ...about,
    passcode: '4071936258214'.slice(0, limits.passcodeDigits),
    strong: false,
    lifetimeSeconds: limits.passcodeLifetimeSeconds,
    label: 'K7',
    requestedAt: now,
    browserFamily: { browser: 'Chrome', system: 'Windows' },
    network: maskNetwork('203.0.113.9'),
    invitedBy: guest.invitedBy,
    issuerHost: new URL(publicUrl).host,
  };
  const links = {
    url: `${publicUrl}/${tenant.id}/invitation?ticket=${TICKET}`,
    blockUrl: `${publicUrl}/${tenant.id}/invitation/block?ticket=${TICKET}`,
  };
  const plain = { ...guest, invitedBy: null, invitation: null };
  const named = (invitedBy: string, message: string, to = ADDRESS) => {
    const details = { message, language: null, cc: null, redirectUrl: null };
    return { ...guest, address: to, invitedBy, invitation: details };
  };
  const letter = (to: Guest, at: Tenant = tenant) => ({
    ...invitationLetter(at, to, links),
    locale,
  });
  const copy = (of: Guest) => ({ ...invitationCopy(tenant, of, 'bo@partner.example'), locale });
  const notice: SecurityNoticeMail = {
    kind: 'security-notice',
    event: 'attempts',
    ...about,
    happenedAt: now,
    browserFamily: passcode.browserFamily,
    network: passcode.network,
    invitedBy: guest.invitedBy,
  };
  const nobody: NoInvitationMail = { kind: 'no-invitation', ...about, invitedBy: null };

  return {
    passcode: [
      { variant: '', shows: 'the code', mail: passcode },
      {
        variant: 'strong',
        shows: 'the 16-character code',
        mail: { ...passcode, strong: true, passcode: '7KQ2M9XTB4CDR8WZ' },
      },
      {
        variant: 'link',
        shows: 'with the link that signs in as well (mail.signInLink)',
        mail: {
          ...passcode,
          link: `${publicUrl}/${tenant.id}/signin/${UID}/link?label=K7&key=${KEY}`,
        },
      },
      {
        variant: 'plain',
        shows: 'no inviter, and a browser that is not known',
        mail: { ...passcode, browserFamily: null, invitedBy: null },
      },
      {
        variant: 'long',
        shows: 'long names and the longest address',
        mail: { ...passcode, to: LONG_ADDRESS, clientName: LONG_NAME, invitedBy: RIGHT_TO_LEFT },
      },
    ],
    invitation: [
      { variant: '', shows: 'with a message', mail: letter(guest) },
      { variant: 'plain', shows: 'nobody is named, no message', mail: letter(plain) },
      {
        variant: 'automatic',
        shows: 'redeemed without consent: a notification',
        mail: { ...letter(guest), automatic: true },
      },
      {
        variant: 'right-to-left',
        shows: 'a name and a message read from right to left',
        mail: letter(named(RIGHT_TO_LEFT, 'مرحبا تيري')),
      },
      {
        variant: 'long',
        shows: 'long names, addresses and words',
        mail: letter(named(LONG_NAME, LONG_NAME.repeat(7), LONG_ADDRESS)),
      },
    ],
    'invitation-copy': [
      { variant: '', shows: 'for one other person', mail: copy(guest) },
      { variant: 'plain', shows: 'nobody is named, no message', mail: copy(plain) },
    ],
    'no-invitation': [
      {
        variant: '',
        shows: tenant.mailStrangers
          ? 'to an address nobody invited'
          : 'to an address nobody invited (mailStrangers is off)',
        mail: nobody,
      },
    ],
    'security-notice': [
      { variant: 'attempts', shows: 'too many wrong codes', mail: notice },
      {
        variant: 'sign-in',
        shows: 'a new browser signed in after wrong codes',
        mail: { ...notice, event: 'sign-in' },
      },
      {
        variant: 'plain',
        shows: 'no inviter, and a browser that is not known',
        mail: { ...notice, event: 'sign-in', browserFamily: null, invitedBy: null },
      },
    ],
  };
}
