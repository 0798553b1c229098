import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { findLockedOut } from '../../src/cli/validate-database.ts';
import { type CommandResult, runCommand } from '../support/processes.ts';
import { addGuests, createInstallation, type Installation } from '../support/world.ts';
import { soundSettings, writeFolder } from '../settings/config-folder.ts';
import { checkConfiguration } from '../../src/tenants/configuration.ts';

describe('guestpass validate --against-database', () => {
  let installation: Installation;
  before(async () => {
    installation = await createInstallation();
    await addGuests(installation, 'ana@partner.example', 'bo@partner.example');
  });
  after(() => installation.remove());

  const file = () => join(installation.folder, 'tenants', 'a.yaml');
  const validate = (...words: readonly string[]): Promise<CommandResult> =>
    runCommand(['validate', '--no-network', '--config', installation.folder, ...words]);
  /** What is said of the guests while tenant a says this too; null takes its file away. */
  async function told(more: object | null): Promise<{ isOut: boolean; lines: string[] }> {
    const sound = await readFile(file(), 'utf8');
    const changed: object = { ...parse(sound), ...more };
    await (more === null ? rm(file()) : writeFile(file(), stringify(changed)));
    try {
      const { tenants, database, faults } = await checkConfiguration(installation.folder, {});
      assert.deepEqual(faults, []);
      const found = await findLockedOut(database!, tenants);
      return {
        isOut: found.some(({ effect }) => effect === 'locked_out'),
        lines: found.map(({ tenant, message }) => `${tenant}  ${message}`),
      };
    } finally {
      await writeFile(file(), sound);
    }
  }

  it('R41 ends with 1 for a file that locks out guests, with their number and the way back', async () => {
    const fine = await validate('--against-database');
    assert.deepEqual([fine.code, fine.stdout], [0, '2 tenants, no faults\n']);
    const sound = await readFile(file(), 'utf8');
    await writeFile(file(), `${sound}emailOneTimePasscode: disabled\n`);
    try {
      assert.equal((await validate()).code, 0);
      const said = await validate('--against-database');
      assert.deepEqual([said.code, said.stdout], [1, '']);
      assert.match(
        said.stderr,
        /^a {2}2 guests redeemed by passcode could no longer sign in: passcodes are off; reset them .*guestpass guests reset EMAIL --tenant a/m,
      );
    } finally {
      await writeFile(file(), sound);
    }
  });

  it('R7 counts everybody of a tenant whose file is gone', async () => {
    assert.deepEqual(await told(null), {
      isOut: true,
      lines: [
        'a  2 guests of the tenant could no longer sign in: the tenant is not configured; put its file back; their rows are kept',
      ],
    });
  });

  it('R73 does not touch redeemed guests of a domain that is blocked now', async () => {
    const domains = { block: ['partner.example'] };
    assert.deepEqual(await told({ domains }), { isOut: false, lines: [] });
    assert.deepEqual(await told({}), { isOut: false, lines: [] });
  });

  it('ends with 3 where there is no database', async () => {
    const config = await writeFolder({
      'guestpass.yaml': soundSettings,
      'tenants/a.yaml': 'id: a\ndisplayName: A\n',
    });
    const words = ['validate', '--no-network', '--against-database', '--config', config];
    assert.equal((await runCommand(words)).code, 3);
  });
});
