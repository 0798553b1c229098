import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { fateOf } from '../../src/domain/mail-fate.ts';
import { startServer } from '../../src/server/start.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { createInstallation, stores, watchedLog } from '../support/world.ts';

for (const store of stores) {
  describe(`a report about a mail, on ${store}`, () => {
    it('S62 S64 counts for the mail whose Message-ID it has, from whoever has the key', async () => {
      const installation = await createInstallation({
        store,
        settings: { adminListen: '127.0.0.1:0' },
      });
      const key = randomBytes(32).toString('base64');
      const file = join(installation.folder, 'guestpass.yaml');
      const settings: { mail: object } = parse(await readFile(file, 'utf8'));
      const mail = { ...settings.mail, reportKey: key };
      await writeFile(file, stringify({ ...settings, mail }));
      const server = await startServer(await loadConfiguration(installation.folder, {}), {
        log: watchedLog(installation.folder),
      });
      const { store: kept } = server.guests.parts;
      const address = 'gone@mail.example';
      const invited = await server.guests.invite({ tenant: 'a', address, sendMessage: true });
      assert.equal(invited.outcome, 'invited');
      const received = await installation.relay.nextMail(address);
      await server.guests.parts.outbox.idle();
      const [id = ''] = received.header('message-id');
      const fate = async () => fateOf((await kept.outbox.find(id.slice(1, 23)))!);
      const report = async (about: string, authorization: string) => {
        const { port } = server.adminAddress!;
        const { status } = await fetch(`http://127.0.0.1:${port}/mail-reports`, {
          method: 'POST',
          headers: { authorization, 'content-type': 'application/json' },
          body: JSON.stringify({ id: about, event: 'bounced', status: '5.1.1' }),
        });
        return status;
      };
      assert.equal(await report(id, `Bearer ${randomBytes(32).toString('base64')}`), 401);
      assert.equal(await report(`<${'A'.repeat(22)}@guestpass.example>`, `Bearer ${key}`), 204);
      assert.equal(await fate(), 'accepted');
      assert.equal(await report(id, `Bearer ${key}`), 204);
      assert.equal(await fate(), 'no-mailbox');
      const outside = await fetch(`${installation.publicUrl}/mail-reports`, { method: 'POST' });
      assert.ok(outside.status >= 400, String(outside.status));
      await server.close();
      await installation.remove();
    });
  });
}
