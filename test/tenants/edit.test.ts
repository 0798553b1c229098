import assert from 'node:assert/strict';
import { chmod, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { editTenantFile } from '../../src/tenants/edit.ts';
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

const set = (folder: string, value: unknown) =>
  editTenantFile(folder, 'a', ['emailOneTimePasscode'], value, {});

const textOf = (folder: string, name = 'a.yaml') => readFile(join(folder, 'tenants', name), 'utf8');

describe('editTenantFile', () => {
  it('R36 changes one value and not a character beside it', async () => {
    const folder = await folderOf(commented);
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
    assert.equal(await textOf(folder), commented.replace('enabled #', 'disabled #'));
    assert.deepEqual(await readdir(join(folder, 'tenants')), ['a.yaml']);
  });

  it('adds a key that is not there, below what is', async () => {
    const text = '# Fabrikam\nid: a\ndisplayName: A # short\n# the end';
    const folder = await folderOf(text);
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
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
      assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
      assert.equal(await textOf(folder), expected);
    });
  }

  it('changes a JSON file and leaves it one', async () => {
    const folder = await folderOf('{ "id": "a", "displayName": "A" }', 'a.json');
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
    const file: unknown = JSON.parse(await textOf(folder, 'a.json'));
    assert.deepEqual(file, { id: 'a', displayName: 'A', emailOneTimePasscode: 'disabled' });
  });

  it('finds the tenant by its id, however the file is called', async () => {
    const folder = await folderOf('id: a\ndisplayName: A\n', 'first.yaml');
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
    const other = await editTenantFile(folder, 'first', ['emailOneTimePasscode'], 'disabled', {});
    assert.deepEqual(other, { outcome: 'missing' });
  });

  it('writes nothing when nothing changes', async () => {
    const folder = await folderOf(commented);
    const before = await stat(join(folder, 'tenants', 'a.yaml'));
    assert.deepEqual(await set(folder, 'enabled'), { outcome: 'unchanged' });
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
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'read_only' });
    assert.equal(await textOf(folder), commented);
  });

  it('replaces what a link leads to, and not the link', async () => {
    const folder = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/.keep': '',
      'real/x.yaml': commented,
    });
    await symlink(join(folder, 'real', 'x.yaml'), join(folder, 'tenants', 'a.yaml'));
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
    assert.match(await readFile(join(folder, 'real', 'x.yaml'), 'utf8'), /disabled/);
  });

  it('R54 refuses what would make the file invalid, and says why', async () => {
    const text = 'id: a\ndisplayName: A\nredemption: { fallback: [emailOneTimePasscode] }\n';
    const folder = await folderOf(text);
    const edit = await set(folder, 'disabled');
    assert.equal(edit.outcome, 'refused');
    assert.match('fault' in edit ? edit.fault : '', /no fallback is left/);
    assert.equal(await textOf(folder), text);
  });

  it('is not kept from its work by a fault that was there before', async () => {
    const folder = await folderOf('id: a\ndisplayName: A\nnonsense: 1\n');
    assert.deepEqual(await set(folder, 'disabled'), { outcome: 'edited' });
  });
});
