import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack, ROOT, run } from './support/consumer.ts';
import { Jar } from './support/jar.ts';
import { startProcess } from './support/processes.ts';
import { type BillOfMaterials, lockedForProduction } from './support/sbom.ts';
import { createInstallation } from './support/world.ts';

describe('the package as it is published', function () {
  this.timeout(120_000);
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-package-'));
    await run('tar', ['xzf', await pack()], { cwd: folder });
    await symlink(join(ROOT, 'node_modules'), join(folder, 'package', 'node_modules'));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('holds what it needs to run and nothing of the tests', async () => {
    const names = await readdir(join(folder, 'package'));
    assert.deepEqual(
      new Set(names),
      new Set(['LICENSE', 'README.md', 'config', 'dist', 'node_modules', 'package.json', 'views']),
    );
  });

  it('S66 lists what it is made of: the locked production packages, and none of development', async () => {
    const text = await readFile(join(folder, 'package', 'dist', 'sbom.cdx.json'), 'utf8');
    const bill = JSON.parse(text) as BillOfMaterials;
    assert.equal(bill.bomFormat, 'CycloneDX');
    assert.equal(bill.metadata.component.name, 'guestpass');
    assert.match(bill.metadata.component.purl, /^pkg:npm\/guestpass@\d/);
    const listed = new Set(bill.components.map((one) => one['bom-ref']));
    assert.deepEqual(listed, lockedForProduction());
    for (const name of ['koa', 'oidc-provider', 'zod', 'xml-crypto']) {
      assert.ok(
        [...listed].some((ref) => ref.startsWith(`${name}@`)),
        name,
      );
    }
    assert.ok(bill.dependencies.some(({ ref }) => ref.startsWith('guestpass@')));
    assert.ok(bill.components.every(({ hashes }) => hashes.length > 0));
  });

  it('serves pages with their style sheet, compiled and out of its own folder', async () => {
    const installation = await createInstallation();
    const main = join(folder, 'package', 'dist', 'cli', 'main.js');
    const server = await startProcess(installation.folder, { main });
    try {
      const { publicUrl } = installation;
      const jar = new Jar();
      const page = await jar.get(`${publicUrl}/a/`);
      assert.equal(page.status, 200);
      const sheet = /href="([^"]+style\.css[^"]*)"/.exec(page.text)?.[1] ?? '';
      assert.equal((await jar.get(new URL(sheet, publicUrl))).status, 200);
      const metadata = await jar.get(`${publicUrl}/a/v2.0/.well-known/openid-configuration`);
      assert.equal((JSON.parse(metadata.text) as { issuer: string }).issuer, `${publicUrl}/a/v2.0`);
    } finally {
      await server.stop();
      await installation.remove();
    }
  });

  it('exports its face to a host', async () => {
    const script = "import * as face from 'guestpass'; console.log(Object.keys(face).join())";
    const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
      cwd: join(folder, 'package'),
    });
    const expected = 'ConfigurationError,GuestError,createGuests,createLog,defaultLimits';
    assert.equal(stdout.trim(), `${expected},loadConfiguration,startServer`);
  });
});
