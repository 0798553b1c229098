import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { createReload, type Reload } from '../../src/server/reload.ts';
import { type Followed, startFollowed } from './followed.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';

describe('createReload', () => {
  let world: Followed;
  let reload: Reload;
  beforeEach(async () => {
    // Follows nothing by itself: every look is asked for here.
    world = await startFollowed({}, { source: { directory: '/nowhere' } });
    const { settings } = await loadConfiguration(world.folder, {});
    reload = createReload(world.server.guests, settings, { directory: world.folder, env: {} });
  });
  afterEach(() => world.close());

  const told = (event: string) => world.heard.filter((line) => line.event === event);

  it('says nothing while nothing changed', async () => {
    const before = world.server.guests.parts.tenants();
    assert.equal(await reload.run(), true);
    assert.equal(world.server.guests.parts.tenants(), before);
    assert.deepEqual(told('configuration.reloaded'), []);
    assert.equal(reload.stale(), undefined);
  });

  it('takes over what changed and leaves the objects of the others alone', async () => {
    const { tenants } = world.server.guests.parts;
    const { a, b } = { a: tenants().byId.get('a'), b: tenants().byId.get('b') };
    await world.edit('tenants/a.yaml', { displayName: 'Other' });
    await writeFile(world.path('tenants/c.yaml'), 'id: c\ndisplayName: C\n');
    await reload.run();
    assert.equal(tenants().byId.get('a')?.displayName, 'Other');
    assert.notEqual(tenants().byId.get('a'), a);
    assert.equal(tenants().byId.get('b'), b);
    assert.deepEqual(told('configuration.reloaded')[0]?.fields, {
      audit: true,
      added: ['c'],
      changed: ['a'],
      removed: [],
      notices: [],
    });
  });

  it('F20 S57 keeps the last good set whole while one file is bad, and names every fault', async () => {
    const { tenants } = world.server.guests.parts;
    const before = tenants();
    await world.edit('tenants/a.yaml', { displayName: 'Other' });
    await writeFile(world.path('tenants/b.yaml'), 'id: b\ndisplayNam: B\nclients: {}\n');
    await reload.run();
    assert.equal(tenants(), before);
    const [line] = told('configuration.stale');
    assert.equal(line?.level, 'error');
    const faults = line.fields['faults'] as readonly string[];
    assert.equal(line.fields['count'], faults.length);
    assert.ok(faults.length >= 3);
    for (const fault of faults) assert.match(fault, /^tenants\/b\.yaml:\d+:\d+ /);
    assert.equal(reload.stale(), faults[0]);
  });

  it('F20 says so when a bad file is mended, also when nothing else changed', async () => {
    const text = 'id: c\ndisplayName: C\n';
    await writeFile(world.path('tenants/c.yaml'), '{');
    await reload.run();
    assert.notEqual(reload.stale(), undefined);
    await rm(world.path('tenants/c.yaml'));
    await reload.run();
    assert.equal(reload.stale(), undefined);
    assert.equal(told('configuration.reloaded').length, 1);
    await writeFile(world.path('tenants/c.yaml'), text);
    await reload.run();
    assert.deepEqual(told('configuration.reloaded')[1]?.fields['added'], ['c']);
  });

  it('keeps the last good set when the folder is gone', async () => {
    const before = world.server.guests.parts.tenants();
    await rm(world.path('tenants'), { recursive: true });
    await reload.run();
    assert.equal(world.server.guests.parts.tenants(), before);
    assert.match(reload.stale() ?? '', /^tenants {2}no such folder/);
  });

  it('takes over what is newest where two look at once, for the second waits for the first', async () => {
    const path = world.path('tenants/a.yaml');
    const first = reload.run();
    const second = reload.run();
    await first;
    // An administrator writes while the first look is over and the second one begins.
    writeFileSync(path, readFileSync(path, 'utf8').replace('Tenant A', 'Newest'));
    await second;
    assert.equal(world.server.guests.parts.tenants().byId.get('a')?.displayName, 'Newest');
  });

  it('takes over nothing that moved while it was read, good or bad', async () => {
    const before = world.server.guests.parts.tenants();
    await world.edit('tenants/a.yaml', { displayName: 'Half' });
    assert.equal(await reload.run(() => true), false);
    await writeFile(world.path('tenants/a.yaml'), 'id:');
    assert.equal(await reload.run(() => true), false);
    assert.equal(world.server.guests.parts.tenants(), before);
    assert.equal(reload.stale(), undefined);
    assert.deepEqual(told('configuration.stale'), []);
  });

  it('names the keys that need a restart once, and none of their values', async () => {
    const secrets = { pepper: key(), sealingKey: key(), cookieKeys: [key()] };
    await world.edit('guestpass.yaml', { listen: '127.0.0.1:1', secrets, logLevel: 'debug' });
    await reload.run();
    await reload.run();
    const lines = told('configuration.restart_needed');
    assert.equal(lines.length, 1);
    assert.equal(lines[0]?.level, 'warn');
    assert.deepEqual(lines[0]?.fields, { keys: ['listen', 'logLevel', 'secrets'] });
    assert.ok(!JSON.stringify(world.heard).includes(secrets.pepper));
  });

  it('S3 makes no key while it reads again: a lost one is not replaced by another', async () => {
    await world.edit('guestpass.yaml', { secrets: {} });
    await reload.run();
    assert.equal(existsSync(world.path('data/pepper')), false);
    assert.equal(reload.stale(), undefined);
  });
});

function key(): string {
  return randomBytes(32).toString('hex');
}
