// Owns the states of the pages around a sign-in: errors, no tenant, signing out, the mailbox.

import type { ErrorCode } from '../domain/errors.ts';
import { ADDRESS, REFERENCE, type Sample } from './sample.ts';
import { type PageStates, show } from './state.ts';

const ERRORS: readonly (readonly [code: ErrorCode, shows: string])[] = [
  ['internal', 'a fault of ours'],
  ['unavailable', 'the database cannot be reached'],
  ['not_found', 'no such page'],
  ['request_forged', 'a form that did not come from our page'],
  ['parameter_malformed', 'a parameter in the wrong format'],
  ['method_not_allowed', 'a page called in the wrong way'],
  ['media_type_unsupported', 'a body in the wrong format'],
  ['body_too_large', 'a body that is too large'],
  ['host_unknown', 'a host name that is not ours'],
  ['invitation_unknown', 'a link to block invitations that does not work'],
];

const OPEN = 'https://docs.partner.example/start';

/** Every state of pages that belong to no step of a sign-in and to no guest. */
export function otherStates(
  sample: Sample,
): PageStates<
  | 'expired'
  | 'loop'
  | 'no-tenant'
  | 'error'
  | 'sign-out'
  | 'signed-out'
  | 'mailbox'
  | 'mailbox-message'
> {
  const { tenant, publicUrl, client, now } = sample;
  const tenantName = tenant.displayName;
  const reference = REFERENCE;
  const example = `${publicUrl}/${tenant.id}`;
  const lost = (code: ErrorCode, picks = false) =>
    ({
      page: 'no-tenant',
      code,
      reference,
      example,
      picker: picks ? { action: '/authorize', fields: {} } : null,
    }) as const;
  const error = (code: ErrorCode, detail: string | null = null) =>
    ({ page: 'error', code, reference, detail }) as const;
  const again = {
    client: { name: client.name, url: client.url },
    restart: sample.frame.restart,
  };
  const expired = (
    reason: 'over' | 'elsewhere' | 'finished' | 'cookies',
    more: Partial<typeof again> = {},
  ) =>
    ({
      page: 'expired',
      reason,
      tenantName,
      reference,
      client: null,
      restart: null,
      inApp: false,
      ...more,
    }) as const;
  const subject = `Your ${tenantName} sign-in code – K7`;
  const mail = { id: 'sample', recipient: ADDRESS, subject, receivedAt: now };
  const refused = `redirect_uri https://docs.partner.example/cb is not registered for client ${client.id}`;

  return {
    expired: [
      show('', 'nothing is known of the sign-in', expired('over')),
      show('again', 'a sign-in that is over: one button begins it anew', expired('over', again)),
      show('client', 'a sign-in that is over, of an application that says where it is', {
        ...expired('over'),
        client: { name: client.name, url: client.url ?? OPEN },
      }),
      show('elsewhere', 'a sign-in of another browser', {
        ...expired('elsewhere'),
        client: { name: client.name, url: client.url ?? OPEN },
      }),
      show('finished', 'Back, after the application was reached', expired('finished', again)),
      show('cookies', 'a browser that keeps no cookies', {
        ...expired('cookies'),
        client: { name: client.name, url: null },
      }),
      show('in-app', 'inside another app', { ...expired('cookies', again), inApp: true }),
      show('anywhere', 'no organisation is known', { ...expired('over'), tenantName: null }),
    ],
    loop: [
      show('', 'an application that sends the guest back again and again', {
        page: 'loop',
        code: 'client_loop',
        tenantName,
        reference,
        client: { name: client.name, url: null },
        again: `/${tenant.id}/v2.0/auth`,
      }),
      show('url', 'the application says where it is', {
        page: 'loop',
        code: 'client_loop',
        tenantName,
        reference,
        client: { name: client.name, url: client.url ?? OPEN },
        again: `/${tenant.id}/v2.0/auth`,
      }),
    ],
    'no-tenant': [
      show('', 'a link without an organisation', lost('tenant_missing')),
      show('unknown', 'an organisation that is not here', lost('tenant_unknown')),
      show('conflict', 'a link that names two', lost('tenant_conflict')),
      show(
        'picker',
        `with a form to name it${sample.tenantPicker ? '' : ' (tenantPicker is off)'}`,
        lost('tenant_missing', true),
      ),
    ],
    error: [
      show(
        'request-refused',
        'a request of the application that is refused',
        error('request_refused', refused),
      ),
      ...ERRORS.map(([code, shows]) => show(code.replaceAll('_', '-'), shows, error(code))),
    ],
    'sign-out': [
      show('', 'asked by the application', {
        page: 'sign-out',
        tenantName,
        form: logoutForm(tenant.id),
      }),
    ],
    'signed-out': [
      show('', 'done', { page: 'signed-out', tenantName, elsewhere: false }),
      show('elsewhere', 'where guests come over other places', {
        page: 'signed-out',
        tenantName,
        elsewhere: true,
      }),
    ],
    mailbox: [
      show('', 'development only: mails that were sent to nobody', {
        page: 'mailbox',
        messages: [
          mail,
          {
            ...mail,
            id: 'sample-2',
            subject: `ana@${tenant.id}.example invited you to ${tenantName}`,
          },
        ],
      }),
      show('empty', 'development only: no mail yet', { page: 'mailbox', messages: [] }),
    ],
    'mailbox-message': [
      show('', 'development only: one of them', {
        page: 'mailbox-message',
        ...mail,
        text: 'Your code is\n\n40719362',
        htmlPath: '/dev/mails/passcode/html',
      }),
    ],
  };
}

/** As the engine writes it. */
function logoutForm(tenant: string): string {
  return `<form id="op.logoutForm" method="post" action="/${tenant}/v2.0/session/end/confirm"><input type="hidden" name="xsrf" value="sample"/></form>`;
}
