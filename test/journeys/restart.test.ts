import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type RunningServer, startServer } from '../../src/server/start.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import {
  type Begun,
  addGuests,
  createInstallation,
  createWalker,
  type Installation,
  type Walker,
} from '../support/world.ts';

describe('a configuration that changes while the guest reads mail', () => {
  let installation: Installation;
  let walker: Walker;
  let server: RunningServer;
  let jar: Jar;
  let begun: Begun;
  let page: Answer;
  let code: string;

  beforeEach(async () => {
    installation = await createInstallation();
    walker = createWalker(installation);
    server = await start();
    await addGuests(installation, 'teri@partner.example');
    jar = new Jar();
    begun = await walker.begin();
    page = await walker.walkToCode(jar, begun, 'teri@partner.example');
    code = await walker.passcodeFor('teri@partner.example');
  });
  afterEach(async () => {
    await server.close();
    await installation.remove();
  });

  async function start(): Promise<RunningServer> {
    const configuration = await loadConfiguration(installation.folder, {});
    return startServer(configuration, { log: createLog({ level: 'silent' }) });
  }

  async function restartWith(change: (tenant: Record<string, unknown>) => object): Promise<void> {
    await server.close();
    const file = join(installation.folder, 'tenants', 'a.yaml');
    const tenant: Record<string, unknown> = parse(await readFile(file, 'utf8'));
    await writeFile(file, stringify(change(tenant)));
    server = await start();
  }

  const submit = async (): Promise<Answer> =>
    jar.follow(await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }));

  it('F8 goes on with the sign-in when nothing has changed for it', async () => {
    await restartWith((tenant) => ({ ...tenant, displayName: 'Renamed' }));
    const done = await submit();
    assert.ok((await walker.redeem(begun, done.location!)).claims());
  });

  it('R41 lets nobody in by a passcode that was sent before passcodes were switched off', async () => {
    await restartWith((tenant) => ({ ...tenant, emailOneTimePasscode: 'disabled' }));
    const refused = await submit();
    assert.equal(refused.status, 403);
    assert.match(refused.text, /no longer allows sign-in with an email code/);
    const back = await jar.follow(
      await jar.post(`${page.url.href}/continue`, { csrf: hidden(refused, 'csrf') }),
    );
    assert.match(back.location ?? '', /error=access_denied/);
  });

  it('R41 ends the sessions of a method that was switched off', async () => {
    await submit();
    await restartWith((tenant) => ({ ...tenant, emailOneTimePasscode: 'disabled' }));
    const { url } = await walker.begin('a', { prompt: 'none' });
    assert.match((await jar.follow(await jar.get(url))).location ?? '', /error=login_required/);
  });

  it('sends no code to a redirect URI that was taken off the client meanwhile', async () => {
    await restartWith((tenant) => ({
      ...tenant,
      clients: [{ ...clientOf(tenant), redirect_uris: ['http://127.0.0.1:9999/other'] }],
    }));
    const refused = await submit();
    assert.deepEqual([refused.status, refused.location], [400, undefined]);
    assert.equal(heading(refused), 'The app sent a request we cannot accept');
  });

  it('T48 ends clearly when the client or the tenant is gone', async () => {
    await restartWith((tenant) => ({
      ...tenant,
      clients: [{ ...clientOf(tenant), client_id: 'another' }],
    }));
    const refused = await submit();
    assert.equal(refused.status, 400);
    assert.equal(refused.location, undefined);
  });
});

function clientOf(tenant: Record<string, unknown>): object {
  const { clients } = tenant as { clients: object[] };
  return clients[0]!;
}
