import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { ADMIN_CODES } from '../../src/http/admin-api/problem.ts';
import { type AdminWorld, startAdminWorld } from '../support/admin-api.ts';
import { document } from '../support/admin-document.ts';
import { CALLBACK } from '../support/world.ts';

const EMAIL = '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email';
const REMOVED = '/directory/deletedItems/microsoft.graph.user';

/** One call of each operation, in an order in which all of them succeed. */
const CALLS: readonly (readonly [method: string, path: string, json?: object])[] = [
  ['GET', '/invitations'],
  ['GET', '/invitations/{pending}'],
  ['POST', '/invitations/{pending}/resend'],
  ['DELETE', '/invitations/{pending}'],
  ['GET', '/users'],
  ['GET', '/users/{accepted}'],
  ['PATCH', '/users/{accepted}', { accountEnabled: true }],
  ['POST', '/users/{accepted}/revokeSignInSessions'],
  ['POST', '/users/{accepted}/resetRedemption', {}],
  ['DELETE', '/users/{accepted}'],
  ['GET', REMOVED],
  ['POST', '/directory/deletedItems/{accepted}/restore'],
  ['GET', '/users/{accepted}/mails'],
  ['GET', '/explain?email=teri@partner.example&client=docs&arrival=invitation'],
  ['GET', EMAIL],
  ['PATCH', `${EMAIL}?lockOut=accept`, { allowExternalIdToUseEmailOtp: 'enabled' }],
  ['GET', '/identity/identityProviders'],
  ['GET', '/auditLogs/signIns'],
  ['GET', '/auditLogs/directoryAudits'],
];

describe('docs/openapi.json', () => {
  let world: AdminWorld;
  const ids = { pending: '', accepted: '' };
  const answered = new Set<string>();

  /** Sends it and checks that it succeeds as the document says; the world checks the body. */
  async function succeed(method: string, path: string, json?: object): Promise<unknown> {
    const at = path.replace('{pending}', ids.pending).replace('{accepted}', ids.accepted);
    const pattern = path.replace(/\{\w+\}/, '{id}').split('?', 1)[0] ?? '';
    const operation = document.paths[pattern]?.[method.toLowerCase()];
    assert.ok(operation, `${method} ${pattern}`);
    const answer = await world.send(method, at, json ? { json } : {});
    assert.ok(String(answer.status) in operation.responses && answer.status < 300, path);
    answered.add(operation.operationId);
    return answer.body;
  }

  before(async () => {
    world = await startAdminWorld();
    const json = {
      invitedUserEmailAddress: 'teri@partner.example',
      inviteRedirectUrl: CALLBACK,
      sendInvitationMessage: true,
    };
    const invited = (await succeed('POST', '/invitations', json)) as { id: string };
    ids.pending = invited.id;
    ids.accepted = (await world.invite('ana@partner.example')).id;
  });
  after(() => world.close());

  for (const [method, path, json] of CALLS) {
    it(`describes what ${method} ${path} answers`, () => succeed(method, path, json));
  }

  it('describes no operation that was not seen to succeed here', () => {
    const described = Object.values(document.paths).flatMap((methods) =>
      Object.values(methods).map(({ operationId }) => operationId),
    );
    assert.deepEqual([...answered].toSorted(), described.toSorted());
  });

  it('S61 describes every query parameter, and none else is taken anywhere', async () => {
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { parameters }] of Object.entries(methods)) {
        const at = `${path.replace('{id}', ids.accepted)}?nonsense=1`;
        const answer = await world.send(method.toUpperCase(), at, {});
        assert.equal(answer.status, 400, `${method} ${path}`);
        assert.match(JSON.stringify(answer.body), /no such query parameter/);
        const twice = parameters.find((parameter) => parameter.in === 'query')?.name;
        if (twice === undefined) continue;
        const again = `${path.replace('{id}', ids.accepted)}?${twice}=a&${twice}=a`;
        assert.equal((await world.send(method.toUpperCase(), again, {})).status, 400, again);
      }
    }
  });

  it('S61 takes no value that is long, or holds what nobody can read', async () => {
    for (const value of ['x'.repeat(1025), '%00', '%0A', '%C3%28', '%E2%28%A1']) {
      const answer = await world.send('GET', `/explain?email=${value}`);
      assert.equal(answer.status, 400);
      assert.match(JSON.stringify(answer.body), /email is longer than 1024 characters, or not/);
    }
  });
});

describe('docs/admin-api.md', () => {
  const text = readFileSync(new URL('../../docs/admin-api.md', import.meta.url), 'utf8');

  it('lists every operation and no other, with its scope', () => {
    const rows = [...text.matchAll(/^\| ([A-Z]+) \| `([^`]+)` \| `([\w.]+)` \|/gm)].map((row) =>
      row.slice(1).join(' '),
    );
    const described = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, { security }]) =>
          `${method.toUpperCase()} ${path} ${security[0]?.application[0]}`,
      ),
    );
    assert.deepEqual(rows.toSorted(), described.toSorted());
  });

  it('lists every code of this API alone, and no other', () => {
    const rows = [...text.matchAll(/^\| `(\w+_\w+)` \| \d{3} \|/gm)].map(([, code]) => code);
    assert.deepEqual(rows, [...ADMIN_CODES]);
  });
});
