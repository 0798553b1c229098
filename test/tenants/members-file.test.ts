import assert from 'node:assert/strict';
import { formatFault } from '../../src/settings/fault.ts';
import { parseMembers } from '../../src/tenants/members-file.ts';
import { check, connectionsOf, faultsIn, home, oidc } from './tenant-file.ts';

const parse = (text: string, domains: readonly string[] | 'any' = ['contoso.com', 'contoso.net']) =>
  parseMembers(text, 'members/contoso.txt', domains);
const faultLines = (text: string) => parse(text).faults.map(formatFault);
const text = (file: string) =>
  `homeDirectories:\n${home('contoso', 'contoso.com', `${oidc}, members: { file: ${file} }`)}`;

describe('parseMembers', () => {
  it('R46 finds an account by its name and by every alias, in match-key form', () => {
    const { accounts, faults } = parse(
      '# staff\r\nAna@Contoso.com\r\n\r\nbo@contoso.com  Bo.Berg@contoso.com, bob@CONTOSO.net # Bo\n',
    );
    assert.deepEqual(faults, []);
    const bo = {
      userPrincipalName: 'bo@contoso.com',
      aliases: ['bo.berg@contoso.com', 'bob@contoso.net'],
    };
    assert.deepEqual(
      [...accounts],
      [
        ['ana@contoso.com', { userPrincipalName: 'ana@contoso.com', aliases: [] }],
        ['bo@contoso.com', bo],
        ['bo.berg@contoso.com', bo],
        ['bob@contoso.net', bo],
      ],
    );
  });

  it('takes a # inside an address for a part of it', () => {
    assert.deepEqual([...parse('a#b@contoso.com\n').accounts.keys()], ['a#b@contoso.com']);
  });

  it('S50 refuses addresses outside the domains of the connection, and any only for any', () => {
    const why = "an address outside the connection's domains; add the domain, or take it out";
    assert.deepEqual(faultLines('ana@contoso.com x@eu.contoso.com\nteri@gmail.com\n'), [
      `members/contoso.txt:1:17  ${why}`,
      `members/contoso.txt:2:1  ${why}`,
    ]);
    assert.deepEqual(parse('teri@gmail.com', 'any').faults, []);
  });

  it('S57 names the line and column of what is no address, and does not repeat it', () => {
    const lines = faultLines('ana@contoso.com\n\n  hunter2\n');
    assert.deepEqual(lines, [
      'members/contoso.txt:3:3  not an e-mail address; write one account a line; # begins a comment',
    ]);
  });

  it('refuses one address for two accounts, and takes it twice on one line', () => {
    assert.deepEqual(faultLines('a@contoso.com b@contoso.com a@contoso.com\nB@contoso.com\n'), [
      'members/contoso.txt:2:1  a second account with the address of line 1; remove one of the two',
    ]);
    assert.deepEqual(parse('a@contoso.com A@contoso.com').accounts.get('a@contoso.com'), {
      userPrincipalName: 'a@contoso.com',
      aliases: [],
    });
  });

  it('stops after twenty faults', () => {
    const lines = faultLines('x\n'.repeat(100_000));
    assert.equal(lines.length, 21);
    assert.match(lines.at(-1)!, /:20:1 {2}not read any further; mend these first$/);
  });
});

describe('members: { file }', () => {
  it('reads a file relative to the file that names it', async () => {
    const files = { 'members/contoso.txt': '\uFEFFana@contoso.com\n' };
    const [found] = await connectionsOf(text('../members/contoso.txt'), { files });
    assert.deepEqual(found!.members, {
      by: 'accounts',
      accounts: new Map([
        ['ana@contoso.com', { userPrincipalName: 'ana@contoso.com', aliases: [] }],
      ]),
    });
  });

  it('S57 says faults of the members after those of the file that names them', async () => {
    const files = { 'members/contoso.txt': 'x\n' };
    const lines = await faultsIn(`${text('../members/contoso.txt')}\nmailStranger: true`, {
      files,
    });
    assert.deepEqual(
      lines.map((line) => line.split('  ')[0]),
      ['a.yaml:5:1', 'members/contoso.txt:1:1'],
    );
  });

  it('S57 reads nothing outside the configuration folder', async () => {
    for (const file of ['../../secret.txt', '/etc/passwd', '../../config-other/x.txt', '../..']) {
      const lines = await faultsIn(text(file));
      assert.equal(lines.length, 1);
      assert.match(
        lines[0]!,
        /members\.file {2}a file outside the configuration folder; put it inside/,
      );
    }
  });

  it('S57 says why a file cannot be read', async () => {
    const files = {
      'members/large.txt': 'ana@contoso.com\n'.repeat((10 * 1024 * 1024) / 16 + 1),
      'members/binary.txt': Buffer.from([0xff, 0xfe, 0x00]),
    };
    for (const [file, why] of [
      ['../members/none.txt', /"members\/none\.txt" does not exist/],
      ['../members', /"members" is not a regular file/],
      ['../members/large.txt', /is larger than 10 MiB/],
      ['../members/binary.txt', /is not UTF-8 text/],
    ] as const) {
      assert.match((await faultsIn(text(file), { files }))[0]!, why);
    }
  });

  it('tells of a file without an account, and goes on', async () => {
    const files = { 'members/contoso.txt': '# nobody yet\n' };
    const { notices, faults } = await check(text('../members/contoso.txt'), { files });
    assert.deepEqual(faults, []);
    assert.match(
      notices[0]!,
      /^tenants\/a\.yaml:4:\d+ {2}homeDirectories\[0\]\.members\.file {2}no account/,
    );
  });

  it('refuses both file and lookup, and neither', async () => {
    const lookup = 'lookup: { url: https://x.example, token: { env: UP } }';
    for (const [keys, why] of [
      ['{}', /members {2}neither file nor lookup; write one of the two/],
      [`{ file: x.txt, ${lookup} }`, /members {2}both file and lookup; write one of the two/],
    ] as const) {
      const lines = await faultsIn(
        `consumerAccounts: { displayName: C, ${oidc}, members: ${keys} }`,
      );
      assert.equal(lines.length, 1);
      assert.match(lines[0]!, why);
    }
  });
});
