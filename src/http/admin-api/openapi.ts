// Owns the OpenAPI document: made of the table of operations and the schemas that check requests.

import { z } from 'zod';
import { ADMIN_SCOPES } from '../../domain/admin-scope.ts';
import type { Named, Operation } from './operation.ts';
import { createOperations, type OperationsDeps } from './operations.ts';
import { problemSchema } from './problem.ts';

const PROBLEM: Named = { name: 'error', schema: problemSchema };

/** The document as it stands in its file. */
export function adminApiDocument(): string {
  // Only the table is read; nothing it is made of is asked.
  const operations = createOperations({} as OperationsDeps);
  return `${JSON.stringify(describeAdminApi(operations), null, 2)}\n`;
}

/**
 * Describes the admin API as OpenAPI 3.1. Pure.
 *
 * @param operations all of them, in the order of the document
 */
export function describeAdminApi(operations: readonly Operation[]): object {
  const schemas: Record<string, object> = { [PROBLEM.name]: jsonSchemaOf(PROBLEM, 'output') };
  const paths: Record<string, Record<string, object>> = {};
  for (const operation of operations) {
    const { body, answer } = operation;
    if (body) schemas[body.name] = jsonSchemaOf(body, 'input');
    if (answer) schemas[answer.name] = jsonSchemaOf(answer, 'output');
    (paths[operation.path] ??= {})[operation.method.toLowerCase()] = describe(operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Guestpass admin API',
      version: '1.0',
      description: "Guests of one tenant, by Microsoft Graph's names.",
    },
    servers: [
      {
        url: 'http://127.0.0.1:3001/{tenant}/v1.0',
        description: 'The listener for administrators.',
        variables: { tenant: { default: 'fabrikam' } },
      },
    ],
    security: [{ application: [] }],
    paths,
    components: {
      schemas,
      responses: { problem: { description: 'Refused.', content: json(PROBLEM) } },
      securitySchemes: {
        application: {
          type: 'oauth2',
          description:
            'Client credentials with resource={issuer}/admin; RFC 9728 metadata names both.',
          flows: {
            clientCredentials: {
              tokenUrl: '/{tenant}/v2.0/token',
              scopes: Object.fromEntries(ADMIN_SCOPES.map((scope) => [scope, ''])),
            },
          },
        },
      },
    },
  };
}

function describe(operation: Operation): object {
  const { name, summary, scope, status, body, answer } = operation;
  const always = [400, 401, 403, 500, 503] as const;
  const problems = [...new Set([...always, ...operation.problems])].toSorted((a, b) => a - b);
  return {
    operationId: name,
    summary,
    security: [{ application: [scope] }],
    parameters: parametersOf(operation),
    ...(body && { requestBody: { required: true, content: json(body) } }),
    responses: {
      [status]: {
        description: 'Done.',
        ...(answer && { content: json(answer) }),
      },
      ...Object.fromEntries(
        problems.map((known) => [known, { $ref: '#/components/responses/problem' }]),
      ),
    },
  };
}

function parametersOf({ path, method, query = {}, needs = [] }: Operation): readonly object[] {
  const schema = { type: 'string' };
  return [
    ...(path.includes('{id}') ? [{ name: 'id', in: 'path', required: true, schema }] : []),
    ...Object.entries(query).map(([name, description]) => ({
      name,
      in: 'query',
      ...(needs.includes(name) && { required: true }),
      description,
      schema,
    })),
    ...(method === 'POST'
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            description: 'Does the request once within a day, however often it is sent.',
            schema: { ...schema, maxLength: 255 },
          },
        ]
      : []),
  ];
}

function json({ name }: Named): object {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${name}` } } };
}

function jsonSchemaOf({ schema }: Named, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...described } = z.toJSONSchema(schema, { io });
  return described;
}
