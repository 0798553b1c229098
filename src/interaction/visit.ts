// Owns one request within one sign-in: what the engine, the browser and the address bar agree on.

import type { KoaContextWithOIDC } from 'oidc-provider';
import type Provider from 'oidc-provider';
import { PASSCODE_ACR } from '../domain/claims.ts';
import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import { GuestError } from '../domain/errors.ts';
import { resolveTenant, type Tenant, type TenantIndex } from '../domain/tenant.ts';
import type { PromptBinding } from '../oidc/policy.ts';

/** The engine's record of the sign-in. */
export type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;

/** One request within one sign-in. */
export interface Visit {
  readonly tenant: Tenant;
  readonly uid: string;
  /** Digest of the browser (S24). */
  readonly browser: string;
  readonly client: { readonly id: string; readonly name: string };
  /** The address the client suggests; as little trusted as one that was typed. */
  readonly loginHint: EmailAddress | undefined;
  /** Textual client address. */
  readonly clientAddress: string;
  /** e.g. `Chrome on Windows`; '' when unknown. A function: only a mail needs it, and it costs. */
  readonly browserFamily: () => string;
  readonly locale: string;
  readonly issuerHost: string;
  readonly interaction: Interaction;
}

/** Where the request comes from, as the HTTP room read it. */
export type Visitor = Pick<Visit, 'clientAddress' | 'browserFamily' | 'locale'> & {
  readonly uid: string;
  readonly browser: string | undefined;
};

/**
 * Opens the sign-in a request belongs to.
 *
 * @throws {GuestError} `interaction_expired` when the engine has no such sign-in, when its uid is
 *   not the one in the address bar (S25), or when another browser began it (S24); `tenant_unknown`
 *   when its tenant is gone
 */
export async function openVisit(
  provider: Provider,
  ctx: Pick<KoaContextWithOIDC, 'req' | 'res'>,
  tenants: TenantIndex,
  visitor: Visitor,
): Promise<Visit> {
  const interaction = await findInteraction(provider, ctx);
  const { browser: began, tenant: named } = interaction.prompt.details as Partial<PromptBinding>;
  if (interaction.uid !== visitor.uid) {
    throw new GuestError('interaction_expired', { detail: { because: 'uid of another sign-in' } });
  }
  if (visitor.browser === undefined || visitor.browser !== began) {
    throw new GuestError('interaction_expired', { detail: { because: 'another browser' } });
  }
  const resolution = resolveTenant(tenants, named);
  if (resolution.outcome !== 'tenant') throw new GuestError('tenant_unknown');
  const hint = interaction.params['login_hint'];
  return {
    ...visitor,
    browser: began,
    tenant: resolution.tenant,
    client: await clientOf(provider, String(interaction.params['client_id'])),
    loginHint: typeof hint === 'string' ? parseEmailAddress(hint) : undefined,
    issuerHost: new URL(provider.issuer).host,
    interaction,
  };
}

/**
 * Tells whether the client demands an authentication context that a mailed passcode is not. Asking
 * the guest would then loop for ever, and claiming it would be a lie (S45).
 */
export function isContextUnattainable({ prompt }: Interaction): boolean {
  const demanded = prompt.reasons.some((reason) => reason.startsWith('essential_acr'));
  const acr = prompt.details['acr'] as { value?: unknown; values?: unknown } | undefined;
  const values = Array.isArray(acr?.values) ? acr.values : [acr?.value];
  return demanded && !values.includes(PASSCODE_ACR);
}

async function findInteraction(
  provider: Provider,
  ctx: Pick<KoaContextWithOIDC, 'req' | 'res'>,
): Promise<Interaction> {
  try {
    return await provider.interactionDetails(ctx.req, ctx.res);
  } catch (cause) {
    if (cause instanceof Error && cause.name === 'SessionNotFound') {
      throw new GuestError('interaction_expired', { cause });
    }
    throw cause;
  }
}

async function clientOf(provider: Provider, id: string): Promise<Visit['client']> {
  const client = await provider.Client.find(id);
  return { id, name: client?.clientName ?? id };
}
