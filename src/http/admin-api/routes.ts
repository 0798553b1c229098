// Owns the admin API as a Koa middleware: which tenant, whose token, which operation, what is
// answered. For a listener of its own; nothing of it belongs on the public one.

import type { Context, Middleware } from 'koa';
import type { Clock } from '../../domain/clock.ts';
import type { Tenant, TenantIndex } from '../../domain/tenant.ts';
import type { AdminCaller, ReadAdminToken } from '../../oidc/admin-resource.ts';
import type { Log } from '../../telemetry/log.ts';
import { codeOfFault, noteError } from '../../telemetry/trace.ts';
import { createReference } from '../errors.ts';
import { readBody, readQuery } from './body.ts';
import { isIdempotencyKey, type Once } from './idempotency.ts';
import type { Operation, Outcome } from './operation.ts';
import { answerProblem, isProblem, type Problem, problem } from './problem.ts';
import { challengeOf, originOf } from './protected-resource.ts';

export interface AdminRoutesDeps {
  readonly operations: readonly Operation[];
  readonly tenants: () => TenantIndex;
  readonly readToken: ReadAdminToken;
  readonly once: Once;
  readonly clock: Clock;
  readonly log: Log;
}

const PLACE = /^\/([a-z0-9][a-z0-9-]{0,62})\/v1\.0(\/.*)$/;
const BEARER = /^Bearer +([\w.~+/-]{1,512}=*)$/i;
const ID = /^[\w-]{1,64}$/;

/** A request whose operation is found. */
interface Found {
  readonly operation: Operation;
  readonly id: string;
}

/**
 * Serves `/{tenantId}/v1.0/…`; any other path is left to what comes next.
 *
 * @source rules R44; S33, S61, S64
 */
export function createAdminRoutes(deps: AdminRoutesDeps): Middleware {
  const { tenants, log, clock } = deps;

  return async (ctx, next) => {
    const [, tenantId = '', path = ''] = PLACE.exec(ctx.path) ?? [];
    if (tenantId === '') return next();
    const reference = createReference();
    ctx.set('Cache-Control', 'no-store');
    ctx.set('request-id', reference);
    let outcome: Outcome;
    try {
      outcome = await answer(ctx, tenantId, path, reference);
    } catch (error) {
      noteError(codeOfFault(error), true);
      log.error('admin.failed', { reference, tenant: tenantId, method: ctx.method, error });
      const isDown = Object(error) as { code?: unknown };
      outcome =
        isDown.code === 'unavailable'
          ? problem(503, 'The database cannot be reached; try again.')
          : problem(500, 'Something went wrong here; the log knows more.');
    }
    if (isProblem(outcome)) answerProblem(ctx, outcome, reference, clock());
  };

  async function answer(
    ctx: Context,
    tenantId: string,
    path: string,
    reference: string,
  ): Promise<Outcome> {
    const tenant = tenants().byId.get(tenantId);
    const [, token] = BEARER.exec(ctx.get('authorization')) ?? [];
    const caller = tenant && token !== undefined ? await deps.readToken(tenant, token) : undefined;
    const refuse = (found: Problem, operation?: Operation['name']): Problem => {
      log.info('admin.refused', {
        audit: true,
        reference,
        tenant: tenant?.id,
        actor: caller && actorOf(caller),
        outcome: String(found.problem),
        refusal: found.code,
        // Never the path: an address may stand in it, and not look like one.
        operation,
      });
      return found;
    };
    // Before anything else: without a token nobody learns which tenants and paths there are.
    if (!tenant || !caller) {
      const said = token === undefined ? [] : ['error="invalid_token"'];
      ctx.set('WWW-Authenticate', challengeOf(ctx, tenantId, ...said));
      return refuse(problem(401, "Send a token of this tenant's issuer for its admin API."));
    }
    const found = find(deps.operations, ctx.method, path);
    if (isProblem(found)) return found;
    const { operation } = found;
    if (!caller.scopes.has(operation.scope)) {
      const challenge = `Bearer error="insufficient_scope", scope="${operation.scope}"`;
      ctx.set('WWW-Authenticate', challenge);
      return refuse(problem(403, `This takes the scope ${operation.scope}.`), operation.name);
    }
    const outcome = await run(ctx, tenant, caller, found);
    if (isProblem(outcome)) return refuse(outcome, operation.name);
    ctx.status = operation.status;
    ctx.body = operation.status === 204 ? null : outcome;
    return outcome;
  }

  async function run(
    ctx: Context,
    tenant: Tenant,
    caller: AdminCaller,
    { operation, id }: Found,
  ): Promise<Outcome> {
    const asked = readQuery(ctx, operation);
    if (isProblem(asked)) return asked;
    const read = await readBody(ctx, operation.body?.schema);
    if (isProblem(read)) return read;
    const body = read.json;
    const base = `${originOf(ctx)}/${tenant.id}/v1.0`;
    const actor = actorOf(caller);
    const call = { tenant, caller, actor, id, body, base, query: asked.query };
    const key = ctx.get('idempotency-key');
    if (key === '' || operation.method !== 'POST') return operation.run(call);
    if (!isIdempotencyKey(key)) {
      return problem(400, 'Idempotency-Key takes 1 to 255 visible ASCII characters.');
    }
    const request = { tenant: tenant.id, clientId: caller.clientId, key, id, body };
    const done = await deps.once({ ...request, operation: operation.name }, () =>
      operation.run(call),
    );
    if (done.isRepeated) ctx.set('Idempotency-Replayed', 'true');
    return done.outcome;
  }
}

/** How an application is called in the log. */
function actorOf({ clientId }: AdminCaller): string {
  return `application ${clientId}`;
}

function find(operations: readonly Operation[], method: string, path: string): Found | Problem {
  const here = operations.flatMap((operation) => {
    const id = idIn(operation.path, path);
    return id === undefined ? [] : [{ operation, id }];
  });
  const found = here.find(({ operation }) => operation.method === method);
  if (found) return found;
  return here.length === 0
    ? problem(404, 'There is no such path.')
    : problem(405, `${here.map(({ operation }) => operation.method).join(' or ')} here.`);
}

/** The id a path has where the pattern has `{id}`; '' for a pattern without; undefined for another path. */
function idIn(pattern: string, path: string): string | undefined {
  const [before = '', after] = pattern.split('{id}');
  if (after === undefined) return path === pattern ? '' : undefined;
  if (!path.startsWith(before) || !path.endsWith(after)) return undefined;
  const id = path.slice(before.length, path.length - after.length);
  return ID.test(id) ? id : undefined;
}
