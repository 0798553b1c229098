import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { draftTenantEdit, writeTenantEdit } from '../../src/tenants/edit.ts';
import { soundSettings, writeFolder } from '../settings/config-folder.ts';

const commented = `# Fabrikam, asked for by Ana
id: a   # never changes
displayName: "Fabrikam"   # as in the contract

emailOneTimePasscode:   enabled # until spring
verifiedDomains:
    - fabrikam.example
`;

async function folderOf(text: string, name = 'a.yaml'): Promise<string> {
  return writeFolder({ 'guestpass.yaml': soundSettings, [`tenants/${name}`]: text });
}

/** Drafts and writes, as whoever changes a file does once the draft was judged. */
async function set(folder: string, value: unknown): Promise<string> {
  const path = ['emailOneTimePasscode'];
  const edit = await draftTenantEdit(folder, 'a', [{ path, value }]);
  return 'outcome' in edit ? edit.outcome : writeTenantEdit(edit);
}

const textOf = (folder: string, name = 'a.yaml') => readFile(join(folder, 'tenants', name), 'utf8');

describe('draftTenantEdit and writeTenantEdit', () => {
  it('R36 changes one value and not a character beside it', async () => {
    const folder = await folderOf(commented);
    assert.equal(await set(folder, 'disabled'), 'edited');
    assert.equal(await textOf(folder), commented.replace('enabled #', 'disabled #'));
    assert.deepEqual(await readdir(join(folder, 'tenants')), ['a.yaml']);
  });

  it('adds a key that is not there, below what is', async () => {
    const text = '# Fabrikam\nid: a\ndisplayName: A # short\n# the end';
    const folder = await folderOf(text);
    assert.equal(await set(folder, 'disabled'), 'edited');
    assert.equal(await textOf(folder), `${text}\nemailOneTimePasscode: disabled\n`);
  });

  for (const [what, text, expected] of [
    [
      'a file in braces',
      '{ id: a, displayName: A } # all\n',
      '{ id: a, displayName: A, emailOneTimePasscode: disabled } # all\n',
    ],
    [
      'a key without a value',
      'id: a\nemailOneTimePasscode:\ndisplayName: A\n',
      'id: a\nemailOneTimePasscode: disabled\ndisplayName: A\n',
    ],
    [
      'a quoted value',
      "id: a\ndisplayName: A\nemailOneTimePasscode: 'enabled'\n",
      'id: a\ndisplayName: A\nemailOneTimePasscode: disabled\n',
    ],
  ] as const) {
    it(`changes ${what}`, async () => {
      const folder = await folderOf(text);
      assert.equal(await set(folder, 'disabled'), 'edited');
      assert.equal(await textOf(folder), expected);
    });
  }

  it('changes a JSON file and leaves it one', async () => {
    const folder = await folderOf('{ "id": "a", "displayName": "A" }', 'a.json');
    assert.equal(await set(folder, 'disabled'), 'edited');
    const file: unknown = JSON.parse(await textOf(folder, 'a.json'));
    assert.deepEqual(file, { id: 'a', displayName: 'A', emailOneTimePasscode: 'disabled' });
  });

  it('finds the tenant by its id, however the file is called', async () => {
    const folder = await folderOf('id: a\ndisplayName: A\n', 'first.yaml');
    assert.equal(await set(folder, 'disabled'), 'edited');
    assert.deepEqual(await draftTenantEdit(folder, 'first', []), { outcome: 'missing' });
  });

  it('writes nothing when nothing changes', async () => {
    const folder = await folderOf(commented);
    const before = await stat(join(folder, 'tenants', 'a.yaml'));
    assert.equal(await set(folder, 'enabled'), 'unchanged');
    assert.equal((await stat(join(folder, 'tenants', 'a.yaml'))).ino, before.ino);
  });

  it('keeps who may read the file', async () => {
    const folder = await folderOf(commented);
    const file = join(folder, 'tenants', 'a.yaml');
    await chmod(file, 0o664);
    const before = process.umask(0o077);
    await set(folder, 'disabled').finally(() => process.umask(before));
    assert.equal((await stat(file)).mode & 0o777, 0o664);
  });

  it('leaves a read-only file as it is', async () => {
    const folder = await folderOf(commented);
    await chmod(join(folder, 'tenants', 'a.yaml'), 0o444);
    assert.equal(await set(folder, 'disabled'), 'read_only');
    assert.equal(await textOf(folder), commented);
  });

  it('replaces what a link leads to, and not the link', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/.keep': '',
      'real/x.yaml': commented,
    });
    await symlink(join(folder, 'real', 'x.yaml'), join(folder, 'tenants', 'a.yaml'));
    assert.equal(await set(folder, 'disabled'), 'edited');
    assert.match(await readFile(join(folder, 'real', 'x.yaml'), 'utf8'), /disabled/);
  });

  it('overwrites no change that somebody else made meanwhile', async () => {
    const folder = await folderOf(commented);
    const path = ['emailOneTimePasscode'];
    const edit = await draftTenantEdit(folder, 'a', [{ path, value: 'disabled' }]);
    assert.ok(!('outcome' in edit));
    const theirs = `${commented}support: ana@fabrikam.example\n`;
    await writeFile(join(folder, 'tenants', 'a.yaml'), theirs);
    assert.equal(await writeTenantEdit(edit), 'busy');
    assert.equal(await textOf(folder), theirs);
    assert.deepEqual(await readdir(join(folder, 'tenants')), ['a.yaml']);
  });
});
