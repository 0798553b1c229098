import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { preview } from '../../src/cli/preview.ts';
import { startProcess } from '../support/processes.ts';
import { createInstallation, type Installation } from '../support/world.ts';
import { listen } from './said.ts';

describe('guestpass preview', () => {
  let installation: Installation;

  before(async () => {
    installation = await createInstallation();
  });
  after(() => installation.remove());

  it('says where it shows the pages and mails of a tenant, and ends when it is told to', async () => {
    const server = await startProcess(installation.folder, {
      command: 'preview',
      options: ['--tenant', 'a.example', '--listen', '127.0.0.1:0'],
      ready: /^Stop with/,
    });
    try {
      const url = /http:\S+/.exec(server.output.join('\n'))?.[0] ?? '';
      assert.match(await (await fetch(url)).text(), /Every page and mail of <bdi>Tenant A</);
    } finally {
      assert.equal(await server.stop(), 0);
    }
    assert.equal(existsSync(join(installation.folder, 'data')), false);
  });

  it('refuses an address that is none, and starts nothing', async () => {
    const { folder } = installation;
    for (const address of ['3003', 'a:b', '127.0.0.1:70000', '[nothing]:1']) {
      const said = await listen((output) =>
        preview({ config: folder, tenant: 'a', listen: address }, output),
      );
      assert.equal(said.code, 2, address);
      assert.match(said.err, /is not a host and port/);
    }
  });
});
