// Owns what the API tells and changes of a tenant's policy: the passcode setting, and the places
// that know guests.

import { z } from 'zod';
import { type Connection } from '../../domain/identity-provider.ts';
import type { Tenant } from '../../domain/tenant.ts';
import { describeLockout, type Lockout, lockoutValue } from '../../guests/lockout.ts';
import type { Log } from '../../telemetry/log.ts';
import {
  type Call,
  type Named,
  type Operation,
  operationWithBody,
  type Outcome,
} from './operation.ts';
import type { ChangePasscodes } from './policy-change.ts';
import { type LockOut, type Problem, problem } from './problem.ts';

const ODATA_TYPE = '#microsoft.graph.emailAuthenticationMethodConfiguration';
const PATH = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email';

const state = z
  .enum(['default', 'enabled', 'disabled'])
  .describe('Whether guests may come by mailed passcode; default takes back what was said.');

const emailPolicy: Named = {
  name: 'emailAuthenticationMethodConfiguration',
  schema: z.strictObject({
    '@odata.type': z.literal(ODATA_TYPE),
    id: z.literal('Email'),
    allowExternalIdToUseEmailOtp: state,
  }),
};

const identityProviders: Named = {
  name: 'identityProviderCollection',
  schema: z.strictObject({
    value: z.array(
      z.strictObject({
        id: z.string(),
        displayName: z.string(),
        method: z.string().describe('What guests redeemed here are bound by.'),
        protocol: z.enum(['oidc', 'saml']),
        issuer: z.string(),
        domains: z.array(z.string()).nullable().describe('null: of any domain.'),
      }),
    ),
  }),
};

export interface PolicyOperationsDeps {
  readonly changePasscodes: ChangePasscodes;
  readonly log: Log;
}

/** @source rules R31, R36, R41, R44 */
export function createPolicyOperations({
  changePasscodes,
  log,
}: PolicyOperationsDeps): readonly Operation[] {
  return [
    {
      name: 'getEmailPolicy',
      method: 'GET',
      path: PATH,
      scope: 'policy.manage',
      summary: 'Tells the passcode setting.',
      status: 200,
      answer: emailPolicy,
      problems: [],
      run: ({ tenant }) =>
        Promise.resolve({
          '@odata.type': ODATA_TYPE,
          id: 'Email',
          allowExternalIdToUseEmailOtp: tenant.emailOneTimePasscode,
        }),
    },
    operationWithBody({
      name: 'updateEmailPolicy',
      method: 'PATCH',
      path: PATH,
      scope: 'policy.manage',
      summary: "Changes the passcode setting, in the tenant's file; locks nobody out unasked.",
      query: {
        lockOut:
          '`accept` makes a change that keeps guests out; without it they are told of by 409.',
      },
      body: {
        name: 'emailPolicyUpdate',
        schema: z.strictObject({
          '@odata.type': z.literal(ODATA_TYPE).optional(),
          id: z.literal('Email').optional(),
          allowExternalIdToUseEmailOtp: state,
        }),
      },
      status: 204,
      problems: [409],
      run: (call) => update(call, call.body.allowExternalIdToUseEmailOtp),
    }),
    {
      name: 'listIdentityProviders',
      method: 'GET',
      path: '/identity/identityProviders',
      scope: 'policy.manage',
      summary: 'Lists the places that know guests.',
      status: 200,
      answer: identityProviders,
      problems: [],
      run: ({ tenant }) =>
        Promise.resolve({ value: (tenant.connections ?? []).map(identityProviderOf) }),
    },
  ];

  async function update(
    { tenant, actor, query }: Call<unknown>,
    value: Tenant['emailOneTimePasscode'],
  ): Promise<Outcome> {
    const { lockOut } = query;
    if (lockOut !== undefined && lockOut !== 'accept') {
      return problem(400, 'lockOut takes accept, or is left out.');
    }
    const change = await changePasscodes(tenant, value, lockOut === 'accept');
    const { outcome, lockouts } = change;
    log.info('policy.change', {
      audit: true,
      tenant: tenant.id,
      actor,
      setting: 'emailOneTimePasscode',
      value,
      ...(lockouts.length > 0 && { lockouts: lockouts.map(describeLockout) }),
      outcome,
    });
    switch (outcome) {
      case 'edited':
      case 'unchanged':
        return undefined;
      case 'locks_out_guests':
        return lockOutProblem(lockouts);
      case 'refused':
        return problem(409, `The tenant's file would not be valid: ${change.fault}`);
      case 'stale':
        return problem(
          409,
          `The files are not served as they are; mend this first: ${change.fault}`,
        );
      case 'busy':
        return problem(409, "Somebody else changed the tenant's file just now; try again.");
      case 'missing':
        return problem(409, 'This tenant has no file that could be changed here.');
      case 'read_only':
        return problem(409, "The tenant's file is read-only; change it where it comes from.");
    }
  }
}

/** Nothing was changed: it says what `guestpass tenant set` would ask about. */
function lockOutProblem(lockouts: readonly Lockout[]): Problem {
  const lockOuts: readonly LockOut[] = lockouts.map(lockoutValue);
  const message = lockOuts.map((lockOut) => lockOut.message).join('\n');
  return { ...problem(409, message, 'locks_out_guests'), lockOuts };
}

function identityProviderOf(connection: Connection): object {
  const { id, displayName, method, upstream, domains } = connection;
  const { protocol, issuer } = upstream;
  return { id, displayName, method, protocol, issuer, domains: domains === 'any' ? null : domains };
}
