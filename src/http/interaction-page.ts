// Owns which page shows a step of a sign-in, and what of the sign-in it is told.

import type { Clock } from '../domain/clock.ts';
import { type ErrorCode, errorTable } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { maskNetwork } from '../domain/network.ts';
import type { OpenedInvitation } from '../guests/invitation-visits.ts';
import type { View } from '../interaction/sign-in.ts';
import type { Visit } from '../interaction/visit.ts';
import type { RelayHealth } from '../mail/relay-health.ts';
import type { SignIn } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import { createReference } from './errors.ts';
import type { Page, SignInFrame, WayOut } from './page.ts';

export interface SignInPagesDeps {
  readonly limits: Limits;
  /** The sender of mails, named on the page so that people can search for it. */
  readonly sender: string;
  /** Whether mails leave at all just now. */
  readonly relay: RelayHealth;
  readonly log: Log;
  readonly clock: Clock;
}

/** What of a visit its pages show. */
export type PageVisit = Pick<
  Visit,
  'tenant' | 'client' | 'clientAddress' | 'browserFamily' | 'isEmbedded'
> & {
  /** Anything but undefined: a ticket fixes the address. */
  readonly invited: { readonly guest: Pick<OpenedInvitation['guest'], 'invitedBy'> } | undefined;
  readonly interaction: Pick<Visit['interaction'], 'params'>;
};

/** The request a page answers. */
export interface PageRequest {
  readonly visit: PageVisit;
  readonly frame: SignInFrame;
}

export interface SignInPages {
  pageOf(request: PageRequest, view: View): Page;
  /** Says no; where a second try may help, there is a button for it. The reference finds the log line. */
  refusedPage(request: PageRequest, code: ErrorCode, row: string | null, signIn?: SignIn): Page;
}

/** @source experience P2 to P6, P8, P11; S14, S64 */
export function createSignInPages(deps: SignInPagesDeps): SignInPages {
  const { limits, sender, relay, log, clock } = deps;
  const lifetimeMinutes = Math.round(limits.passcodeLifetimeSeconds / 60);
  return { pageOf, refusedPage };

  function pageOf(request: PageRequest, view: View): Page {
    const { frame, visit } = request;
    const { step, signIn } = view;
    const problem = view.problem ? { problem: view.problem } : {};
    switch (step.step) {
      case 'address':
        return { ...frame, page: 'address', typed: '', ...problem };
      case 'send-code':
        // So that the page after it knows.
        relay.look();
        return {
          ...frame,
          page: 'send-code',
          address: step.address,
          inApp: inAppOf(visit),
          ...problem,
        };
      case 'enter-code':
        return enterCode(request, view, step);
      case 'choose-method': {
        const doors = step.doors.map(({ connection, create }) => ({
          name: connection === null ? null : placeOf(visit, connection),
          create,
        }));
        return { ...frame, page: 'choose-method', address: step.address, doors };
      }
      case 'elsewhere':
        return { ...elsewhere(request, step), ...problem };
      case 'review':
        return { ...frame, page: 'review', ...consentOf(view), ...permissionsOf(visit) };
      case 'terms': {
        const termsUrl = visit.tenant.termsUrl ?? '';
        return { ...frame, page: 'terms', ...consentOf(view), termsUrl };
      }
      case 'continue':
        return { ...frame, page: 'continue' };
      case 'refused': {
        return refusedPage(request, step.code, step.row, signIn);
      }
    }
  }

  function refusedPage(
    { visit, frame }: PageRequest,
    code: ErrorCode,
    row: string | null,
    signIn?: SignIn,
  ): Page {
    const reference = createReference();
    const { tenant, client } = visit;
    const who = { address: signIn?.address, network: maskNetwork(visit.clientAddress) };
    const about = { tenant: tenant.id, client: client.id, errorCode: code, row, reference, ...who };
    log.info('sign-in.refused', { audit: true, ...about });
    const canChangeAddress = signIn !== undefined && !isProven({ signIn });
    const canRetry = errorTable[code].status === 503;
    return { ...frame, page: 'refused', code, row, canRetry, canChangeAddress, reference };
  }

  function enterCode(
    { frame, visit }: PageRequest,
    { signIn, problem, notice, fate }: View,
    step: Extract<View['step'], { step: 'enter-code' }>,
  ): Page {
    if (problem?.code === 'passcode_expired') {
      return { ...frame, page: 'code-expired', lifetimeMinutes };
    }
    // Looked at for every address alike (S62).
    const isDown = relay.isDown();
    return {
      ...frame,
      page: 'enter-code',
      address: step.address,
      label: signIn?.label ?? '',
      requestedAt: signIn?.lastSentAt ?? 0,
      browserFamily: visit.browserFamily(),
      strong: signIn?.strong ?? false,
      digits: limits.passcodeDigits,
      lifetimeMinutes,
      sender: visit.tenant.mail?.from ?? sender,
      inApp: inAppOf(visit),
      // While short codes are not compared, another wrong one is all that typing could bring.
      live: step.live && !step.superseded,
      canResend: step.canResend,
      resendSeconds: Math.max(
        0,
        (signIn?.lastSentAt ?? 0) + limits.resendCooldownSeconds - clock(),
      ),
      mailsWait: isDown && (fate === undefined || fate === 'waiting'),
      ...(fate && { delivery: { fate, contact: contactOf(visit) } }),
      ...(problem && { problem }),
      ...(notice && { notice }),
    };
  }
}

/** Whether the guest of a sign-in is known by proof. */
export function isProven({ signIn }: Pick<View, 'signIn'>): boolean {
  return signIn !== undefined && signIn.verifiedAt !== null;
}

function elsewhere(
  { visit, frame }: PageRequest,
  { address, door }: Extract<View['step'], { step: 'elsewhere' }>,
): Page {
  const { connection, method, create } = door;
  const place = placeOf(visit, connection ?? '');
  if (method === 'google' && visit.isEmbedded) {
    return { ...frame, page: 'open-browser', place, url: visit.client.url };
  }
  const canChangeAddress = visit.invited === undefined;
  return { ...frame, page: 'elsewhere', address, place, create, canChangeAddress };
}

function inAppOf({ isEmbedded, client }: PageVisit): WayOut | null {
  return isEmbedded ? { name: client.name, url: client.url } : null;
}

/** Who can put a wrong address right. */
function contactOf({ invited, tenant }: PageVisit): string | null {
  return invited?.guest.invitedBy ?? tenant.support ?? null;
}

function consentOf({ signIn }: View): { readonly address: string } {
  return { address: signIn?.address ?? '' };
}

function permissionsOf({ tenant, interaction }: PageVisit) {
  const { scope } = interaction.params;
  return {
    tenantDomain: tenant.verifiedDomains[0] ?? null,
    scopes: typeof scope === 'string' ? scope.split(' ') : [],
  };
}

function placeOf({ tenant }: PageVisit, connection: string): string {
  const known = tenant.connections?.find(({ id }) => id === connection);
  return known?.displayName ?? connection;
}
