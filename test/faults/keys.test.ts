import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../src/domain/clock.ts';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { createEar, type Ear } from '../server/followed.ts';
import { Jar } from '../support/jar.ts';
import { runCommand } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  type Walker,
} from '../support/world.ts';
import { until } from './until.ts';

const TERI = 'teri@partner.example';
const DAY = 86_400;
/** A little more than the minute after which a server looks for other keys. */
const LOOK = 61;

describe('signing keys of a server that runs', function () {
  this.timeout(60_000);
  let installation: Installation;
  let walker: Walker;
  let server: RunningServer;
  let ear: Ear;
  let offset: number;

  beforeEach(async () => {
    offset = 0;
    installation = await createInstallation({ settings: { adminListen: '127.0.0.1:0' } });
    walker = createWalker(installation);
    await addGuests(installation, TERI);
    server = await start();
  });
  afterEach(async () => {
    await server.close();
    await installation.remove();
  });

  async function start(): Promise<RunningServer> {
    ear = createEar();
    return startServer(await loadConfiguration(installation.folder, {}), {
      log: ear.log,
      clock: () => systemClock() + offset,
    });
  }

  it('F22 change in the middle of a session: known a day before, and old tokens verify on', async () => {
    const begun = await walker.begin();
    const tokens = await walker.redeem(begun, await walker.signIn(new Jar(), begun, TERI));
    const [signing] = await published();
    const words = ['keys', 'rotate', '--tenant', 'a', '--config', installation.folder];
    const rotated = await runCommand(words);
    assert.equal(rotated.code, 0);
    offset = LOOK;
    const announced = await untilKeys(4);
    assert.equal(announced[0], signing);
    // What was signed before is shown to userinfo and checked against the set that is published now.
    const me = await fetch(`${installation.publicUrl}/a/v2.0/me`, {
      headers: { authorization: `Bearer ${tokens.access_token}` },
    });
    assert.equal(me.status, 200);
    assert.ok(announced.includes(kidOf(tokens.id_token)));
    offset = DAY + 2 * LOOK;
    await until('other keys', async () => (await published())[0] !== signing);
    assert.ok((await published()).includes(kidOf(tokens.id_token)));
  });

  it('F21 that cannot be read leave the old ones in force, and are an error in the log', async () => {
    const first = await walker.begin();
    await walker.redeem(first, await walker.signIn(new Jar(), first, TERI));
    await server.guests.parts.signingKeys.rotate('a', true);
    spoil("tenant = 'a' AND generation = 2");
    offset = LOOK;
    const told = ear.next('keys.unreadable');
    await published();
    assert.equal((await told)['tenant'], 'a');
    const begun = await walker.begin();
    await walker.redeem(begun, await walker.signIn(new Jar(), begun, TERI));
  });

  it('F21 that cannot be read at the start keep their tenant outside, and no other', async () => {
    await published();
    await server.close();
    spoil("tenant = 'a'");
    server = await start();
    for (const [tenant, status] of [
      ['a', 500],
      ['b', 200],
    ] as const) {
      const url = `${installation.publicUrl}/${tenant}/v2.0/.well-known/openid-configuration`;
      assert.equal((await fetch(url)).status, status);
    }
    const ready = await fetch(`http://127.0.0.1:${server.adminAddress?.port}/readyz`);
    assert.equal(await ready.text(), 'ready\n');
  });

  /** Ids of the published keys, the one that signs first. */
  async function published(): Promise<readonly string[]> {
    const answer = await fetch(`${installation.publicUrl}/a/v2.0/jwks`);
    const { keys } = (await answer.json()) as { keys: readonly { kid: string }[] };
    return keys.map(({ kid }) => kid);
  }

  async function untilKeys(count: number): Promise<readonly string[]> {
    await until('other keys', async () => (await published()).length === count);
    return published();
  }

  function spoil(where: string): void {
    const file = new DatabaseSync(join(installation.folder, 'data', 'guestpass.db'), {
      timeout: 5_000,
    });
    file.exec(`UPDATE signing_keys SET sealed = 'spoilt' WHERE ${where}`);
    file.close();
  }
});

function kidOf(token: string | undefined): string {
  const [header = ''] = (token ?? '').split('.');
  const { kid } = JSON.parse(Buffer.from(header, 'base64url').toString()) as { kid: string };
  return kid;
}
