import assert from 'node:assert/strict';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { DirectoryAccount, Members } from '../../src/domain/identity-provider.ts';
import { askMembership } from '../../src/home-realm/members.ts';
import { createOutboundFetch } from '../../src/outbound/fetch.ts';
import { type Answer, connectionOf, type Place, startPlace } from './place.ts';

const fetch = createOutboundFetch({ allowLoopback: true });
const ADDRESS = 'g@contoso.com';
const NONE = { match: 'none' };
const UNKNOWN = { match: 'unknown' };
const BY_NAME = { match: 'userPrincipalName', userPrincipalName: ADDRESS, aliases: [] };

function ask(members: Members, address = ADDRESS, domains?: 'any') {
  const more = domains ? { members, domains } : { members };
  const connection = connectionOf('homeDirectory', 'contoso', more);
  return askMembership(connection, parseEmailAddress(address)!, fetch);
}

describe('askMembership, by domain', () => {
  it('R46 takes every address of the domain for a sign-in name', async () => {
    assert.deepEqual(await ask({ by: 'domain' }, 'G@contoso.com'), BY_NAME);
  });
});

describe('askMembership, by file', () => {
  const account: DirectoryAccount = {
    userPrincipalName: ADDRESS,
    aliases: ['grace@contoso.com', 'grace@other.example'],
  };
  const members: Members = {
    by: 'accounts',
    accounts: new Map([
      [ADDRESS, account],
      ['grace@contoso.com', account],
    ]),
  };
  const found = { userPrincipalName: ADDRESS, aliases: ['grace@contoso.com'] };

  it('R46 knows an account by its sign-in name, in any case', async () => {
    assert.deepEqual(await ask(members, 'G@contoso.com'), { ...found, match: 'userPrincipalName' });
  });

  it('R57 knows an alias, and the sign-in name behind it', async () => {
    assert.deepEqual(await ask(members, 'grace@contoso.com'), { ...found, match: 'alias' });
  });

  it('R9 does not know an address that is not in it, though the domain is its own', async () => {
    assert.deepEqual(await ask(members, 'new@contoso.com'), NONE);
  });
});

describe('askMembership, by look-up', () => {
  let place: Place;
  before(async () => {
    place = await startPlace();
  });
  after(() => place.close());

  const answers: readonly (readonly [what: string, answer: Answer, membership: object])[] = [
    ['R46 takes a bare yes for a sign-in name', [200, { member: true }], BY_NAME],
    [
      'R46 reads the sign-in name as it compares addresses',
      [200, { member: true, userPrincipalName: 'G@CONTOSO.com' }],
      BY_NAME,
    ],
    [
      'R57 R58 reads an alias, and the other names of the account',
      [200, { member: true, userPrincipalName: 'grace@contoso.com', aliases: ['h@contoso.net'] }],
      { match: 'alias', userPrincipalName: 'grace@contoso.com', aliases: ['h@contoso.net'] },
    ],
    [
      'S50 drops names outside the domains of the connection',
      [
        200,
        {
          member: true,
          userPrincipalName: 'grace@fabrikam.com',
          aliases: ['h@fabrikam.com', 'h@sub.contoso.com', 'no address', 'h@contoso.net'],
        },
      ],
      { match: 'alias', userPrincipalName: null, aliases: ['h@contoso.net'] },
    ],
    ['R9 takes 404 for no', [404, 'not here'], NONE],
    ['R9 takes member: false for no', [200, { member: false }], NONE],
    ['cannot tell from another status', [500, { member: true }], UNKNOWN],
    ['cannot tell from a refused token', [401, { member: false }], UNKNOWN],
    ['cannot tell from 204', [204, ''], UNKNOWN],
    ['S53 cannot tell from a redirect', [302, ''], UNKNOWN],
    ['cannot tell from a line that breaks', 'hang up', UNKNOWN],
    ['cannot tell from what is no JSON', [200, '<html>welcome</html>'], UNKNOWN],
    ['cannot tell from JSON that says nothing', [200, {}], UNKNOWN],
    ['cannot tell from a list', [200, [{ member: true }]], UNKNOWN],
    ['cannot tell from null', [200, null], UNKNOWN],
    ['takes only true for yes', [200, { member: 'true' }], UNKNOWN],
    [
      'cannot tell from a name that is no text',
      [200, { member: true, userPrincipalName: 1 }],
      UNKNOWN,
    ],
    ['cannot tell from aliases that are no list', [200, { member: true, aliases: 'a' }], UNKNOWN],
    ['cannot tell from aliases that are no texts', [200, { member: true, aliases: [1] }], UNKNOWN],
    ['S53 cannot tell from more than it reads', [200, 'x'.repeat(300_000)], UNKNOWN],
  ];
  for (const [what, answer, membership] of answers) {
    it(what, async () => {
      place.answers.set(ADDRESS, answer);
      assert.deepEqual(await ask(place.members), membership);
    });
  }

  it('asks for the address as it was typed, whatever characters it has', async () => {
    const address = "O'Neil+a&b=c#d@contoso.com";
    place.answers.set(address, [200, { member: true }]);
    const { match } = await ask(place.members, address);
    assert.equal(match, 'userPrincipalName');
  });

  it('keeps what the configured URL asks already', async () => {
    const other = await startPlace('/accounts?tenant=contoso');
    other.answers.set(ADDRESS, [200, { member: true }]);
    assert.deepEqual(await ask(other.members), BY_NAME);
    other.close();
  });

  it('cannot tell when nobody listens', async () => {
    const gone = await startPlace();
    gone.close();
    assert.deepEqual(await ask(gone.members), UNKNOWN);
  });

  it('reads at most twenty aliases', async () => {
    const aliases = Array.from({ length: 500 }, (_, index) => `a${index}@contoso.com`);
    place.answers.set(ADDRESS, [200, { member: true, aliases }]);
    const answer = await ask(place.members);
    assert.ok('aliases' in answer);
    assert.deepEqual(answer.aliases, aliases.slice(0, 20));
  });

  it('drops no name where accounts belong to their owners', async () => {
    place.answers.set(ADDRESS, [200, { member: true, userPrincipalName: 'g@outlook.example' }]);
    const answer = await ask(place.members, ADDRESS, 'any');
    assert.deepEqual(answer, {
      match: 'alias',
      userPrincipalName: 'g@outlook.example',
      aliases: [],
    });
  });
});
