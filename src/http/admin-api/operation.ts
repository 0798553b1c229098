// Owns what an operation of the admin API is: one entry of a table that routing, checking and the
// OpenAPI document are all made of.

import type { z } from 'zod';
import type { AdminScope } from '../../domain/admin-scope.ts';
import type { Tenant } from '../../domain/tenant.ts';
import type { AdminCaller } from '../../oidc/admin-resource.ts';
import type { Problem } from './problem.ts';

/** A schema with the name it has in the OpenAPI document. */
export interface Named {
  readonly name: string;
  readonly schema: z.ZodType;
}

/** One request that passed every check. */
export interface Call<Body> {
  readonly tenant: Tenant;
  readonly caller: AdminCaller;
  /** Who is named in the log. */
  readonly actor: string;
  /** What stands for `{id}` in the path; '' without. */
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: Body;
  /** Address of the API without path: `http://host/{tenant}/v1.0`. */
  readonly base: string;
}

/** What is answered: the body of success, nothing where it has none, or what is wrong. */
export type Outcome = object | undefined | Problem;

/** One operation. */
export interface Operation {
  /** `operationId` of the OpenAPI document. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/{tenant}/v1.0`; `{id}` stands for one segment. */
  readonly path: string;
  /** The scope a token needs. */
  readonly scope: AdminScope;
  readonly summary: string;
  /** Query parameters it takes, with what they are; any other is refused. */
  readonly query?: Readonly<Record<string, string>>;
  /** Those of them that have to be there. */
  readonly needs?: readonly string[];
  readonly body?: Named;
  /** Of success; without `answer` there is no body. */
  readonly status: 200 | 201 | 204;
  readonly answer?: Named;
  /** What else may come of it, beside 400, 401 and 403. */
  readonly problems: readonly (404 | 409 | 422 | 503)[];
  run(call: Call<unknown>): Promise<Outcome>;
}

/** Ties the type of the body to its schema: `run` gets what the schema lets through. */
export function operationWithBody<Schema extends z.ZodType>(
  operation: Omit<Operation, 'body' | 'run'> & {
    readonly body: { readonly name: string; readonly schema: Schema };
    run(call: Call<z.output<Schema>>): Promise<Outcome>;
  },
): Operation {
  return {
    ...operation,
    run: (call) => operation.run({ ...call, body: operation.body.schema.parse(call.body) }),
  };
}
