import assert from 'node:assert/strict';
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { Jar } from '../support/jar.ts';
import { runCommand } from '../support/processes.ts';
import {
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  stores,
  type Walker,
} from '../support/world.ts';

const TERI = 'teri@partner.example';

for (const store of stores) {
  describe(`a stolen signing key, on ${store}`, () => {
    let installation: Installation;
    let walker: Walker;
    let servers: RunningServer[];
    let shift: number;
    // Both servers a minute on; the command that revokes is a process with a clock of its own.
    const clock = (): number => Math.floor(Date.now() / 1000) + shift;

    beforeEach(async () => {
      shift = 0;
      installation = await createInstallation({ store });
      walker = createWalker(installation);
      const { settings, ...rest } = await loadConfiguration(installation.folder, {});
      const other = { ...settings, listen: { ...settings.listen, port: 0 } };
      const log = createLog({ level: 'silent' });
      servers = [
        await startServer({ settings, ...rest }, { log, clock }),
        await startServer({ settings: other, ...rest }, { log, clock }),
      ];
      await addGuests(installation, TERI);
    });
    afterEach(async () => {
      for (const server of servers) await server.close();
      await installation.remove();
    });

    /** The published kids, as each server says them. */
    async function published(): Promise<readonly (readonly string[])[]> {
      const { host } = new URL(installation.publicUrl);
      return Promise.all(
        servers.map(async ({ address }) => {
          const url = `http://127.0.0.1:${address.port}/a/v2.0/jwks`;
          const { text } = await new Jar().get(url, { host, accept: 'application/json' });
          const { keys } = JSON.parse(text) as { keys: { kid: string }[] };
          return keys.map(({ kid }) => kid).toSorted();
        }),
      );
    }

    async function signIn(jar: Jar): Promise<string> {
      const begun = await walker.begin();
      const tokens = await walker.redeem(begun, await walker.signIn(jar, begun, TERI));
      return tokens.id_token ?? '';
    }

    function revoke(...words: readonly string[]) {
      const at = ['--tenant', 'a', '--config', installation.folder];
      return runCommand(['keys', 'revoke', ...at, ...words]);
    }

    it('S37 signs and verifies nothing at any server a minute later, and sessions stay', async () => {
      const jar = new Jar();
      const stolen = await signIn(jar);
      const before = await published();
      assert.deepEqual(before[0], before[1]);
      const done = await revoke('--yes', '--json');
      assert.equal(done.code, 0, done.stderr);
      shift = 60;
      const after = await published();
      assert.deepEqual(after[0], after[1]);
      assert.equal(after[0]?.length, 2);
      assert.ok(!after[0].some((kid) => before[0]?.includes(kid)));
      // What the thief could sign: a hint of whose session it is.
      const hint = new URLSearchParams({ id_token_hint: stolen });
      const url = `${installation.publicUrl}/a/v2.0/session/end?${hint}`;
      assert.equal((await jar.clone().get(url)).status, 400);
      const silent = await jar.follow(await jar.get((await walker.begin()).url));
      assert.match(silent.location ?? '', /code=/);
      const fresh = await signIn(new Jar());
      assert.ok(after[0].includes(decodeProtectedHeader(fresh).kid ?? ''));
      const keys = createRemoteJWKSet(new URL(`${installation.publicUrl}/a/v2.0/jwks`));
      await jwtVerify(fresh, keys, { currentDate: new Date(clock() * 1000) });
      await assert.rejects(jwtVerify(stolen, keys), { code: 'ERR_JWKS_NO_MATCHING_KEY' });
    });

    it('S37 is replaced once when two processes revoke it at once, and ends sessions where asked', async () => {
      const jar = new Jar();
      await signIn(jar);
      const [before = []] = await published();
      const both = await Promise.all([revoke('--yes'), revoke('--yes', '--end-sessions')]);
      // Whoever comes second may find the new keys and revoke them as well; nobody fails.
      assert.deepEqual(
        both.map(({ code }) => code),
        [0, 0],
      );
      shift = 60;
      const [after = []] = await published();
      assert.equal(after.length, 2);
      assert.ok(!after.some((kid) => before.includes(kid)));
      const silent = await jar.follow(
        await jar.get((await walker.begin('a', { prompt: 'none' })).url),
      );
      assert.match(silent.location ?? '', /error=login_required/);
      await signIn(jar);
    });
  });
}
