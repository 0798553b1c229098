import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { tailAudit, type TailOptions } from '../../src/cli/audit.ts';
import { GuestError } from '../../src/domain/errors.ts';
import { deriveKey } from '../../src/settings/derive-key.ts';
import { openStore } from '../../src/storage/open-store.ts';
import type { Store } from '../../src/storage/store.ts';
import {
  AUDIT_ADDRESS,
  auditEntry,
  createAddressHash,
  type AddressHash,
} from '../../src/telemetry/audit-entry.ts';
import type { LogFields } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { runCommand } from '../support/processes.ts';
import { createInstallation, type Installation } from '../support/world.ts';
import { listen, listenJson, type Said } from './said.ts';

const NOW = Date.parse('2026-03-01T12:00:00Z') / 1000;
const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

describe('guestpass audit tail', () => {
  let installation: Installation;
  let store: Store;
  let hash: AddressHash;

  before(async () => {
    installation = await createInstallation();
    const file = installation.database.slice('sqlite:'.length);
    store = await openStore({ kind: 'sqlite', file });
    const { settings } = await loadConfiguration(installation.folder, {});
    hash = createAddressHash(deriveKey(settings.secrets.sealingKey, AUDIT_ADDRESS));
    const teri = { tenant: 'a', address: 'Teri@partner.example' };
    await happened('invitation.create', { ...teri, actor: 'ana@a.example', outcome: 'invited' });
    await happened('sign-in.decide', { ...teri, outcome: 'use', row: '4', rule: 'R24' }, 60);
    const refusal = { errorCode: 'guest_unavailable', reference: 'K7QF' };
    await happened('sign-in.refused', { tenant: 'b', address: 'x@mail.example', ...refusal }, 120);
    await happened('upstream.refused', { errorCode: 'interaction_expired' }, 180);
  });
  after(async () => {
    await store.close();
    await installation.remove();
  });

  const happened = (event: string, fields: LogFields, later = 0): Promise<void> =>
    store.audit.append([auditEntry(event, { audit: true, ...fields }, hash, NOW + later)]);
  const tail = (options: Partial<TailOptions> = {}): Promise<Said> =>
    listen((output) => {
      const shipped = { limit: '20', follow: false };
      return tailAudit({ config: installation.folder, ...shipped, ...options }, output);
    });
  const events = async (options: Partial<TailOptions>): Promise<readonly string[]> => {
    const { out } = await tail(options);
    return out === '' ? [] : out.split('\n').map((line) => line.split('  ')[2] ?? '');
  };

  it('S64 S65 prints one line of each entry, oldest first, no address whole', async () => {
    const { code, out } = await tail();
    assert.equal(code, 0);
    assert.deepEqual(out.split('\n'), [
      '2026-03-01T12:00:00Z  a  invitation.create  invited  a**a@a.example  T**i@partner.example  -  -',
      '2026-03-01T12:01:00Z  a  sign-in.decide  use  -  T**i@partner.example  4/R24  -',
      '2026-03-01T12:02:00Z  b  sign-in.refused  guest_unavailable  -  **@mail.example  -  K7QF',
      '2026-03-01T12:03:00Z  -  upstream.refused  interaction_expired  -  -  -  -',
    ]);
  });

  it('S64 S33 narrows by tenant, time, event and address', async () => {
    assert.deepEqual(await events({ tenant: 'b.example' }), ['sign-in.refused']);
    assert.deepEqual(await events({ since: '2026-03-01T13:02:00+01:00' }), [
      'sign-in.refused',
      'upstream.refused',
    ]);
    assert.deepEqual(await events({ event: 'sign-in.' }), ['sign-in.decide', 'sign-in.refused']);
    assert.deepEqual(await events({ email: 'teri@PARTNER.example' }), [
      'invitation.create',
      'sign-in.decide',
    ]);
    assert.deepEqual(await events({ email: 'teri@partner.example', tenant: 'b' }), []);
    assert.deepEqual(await events({ limit: '2' }), ['sign-in.refused', 'upstream.refused']);
  });

  it('prints everything as JSON when asked to', async () => {
    const asked = { limit: '1', event: 'sign-in.refused', follow: false };
    const { out } = await listenJson((output) =>
      tailAudit({ config: installation.folder, ...asked }, output),
    );
    const entry: Record<string, unknown> = JSON.parse(out);
    assert.partialDeepStrictEqual(entry, {
      at: NOW + 120,
      tenant: 'b',
      errorCode: 'guest_unavailable',
      addressHash: hash('x@mail.example'),
      detail: {},
    });
  });

  for (const [name, wrong] of Object.entries({
    'a limit of nothing': { limit: '0' },
    'a limit beyond all': { limit: '10001' },
    'a limit that is no number': { limit: '1e3' },
    'a time that is none': { since: 'yesterday' },
    'an address that is none': { email: 'teri' },
  })) {
    it(`does not take ${name}`, async () => {
      const { code, out } = await tail(wrong);
      assert.deepEqual([code, out], [2, '']);
    });
  }

  it('knows no trail of a tenant that is not there', async () => {
    const { code, err } = await tail({ tenant: 'nobody' });
    assert.deepEqual([code, err], [1, 'there is no tenant nobody']);
  });

  it('finds no database where no server ran, and makes none', async () => {
    const fresh = await createInstallation();
    try {
      const asked = { config: fresh.folder, email: 'teri@partner.example' };
      await assert.rejects(tail(asked), isUnavailable);
      await assert.rejects(tail(asked), isUnavailable);
    } finally {
      await fresh.remove();
    }
  });

  it('S64 follows what happens until Ctrl+C, each entry once', async () => {
    const words = ['audit', 'tail', '--config', installation.folder, '--follow', '--limit', '1'];
    const child = spawn(process.execPath, [MAIN, ...words], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async (): Promise<string> => {
      const { value } = await lines.next();
      return String(value).split('  ')[2] ?? '';
    };
    assert.equal(await next(), 'upstream.refused');
    await happened('guest.block', { tenant: 'a', actor: 'boss', outcome: 'done' }, 240);
    assert.equal(await next(), 'guest.block');
    await happened('guest.unblock', { tenant: 'a', actor: 'boss', outcome: 'done' }, 241);
    await happened('guest.remove', { tenant: 'a', actor: 'boss', outcome: 'done' }, 242);
    assert.equal(await next(), 'guest.unblock');
    assert.equal(await next(), 'guest.remove');
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 0);
    assert.equal((await lines.next()).done, true);
  });

  it('S64 has what other commands did, when they have ended', async () => {
    const invited = ['invite', 'late@partner.example', '--tenant', 'a', '--no-mail'];
    const made = await runCommand([...invited, '--config', installation.folder]);
    assert.equal(made.code, 0, made.stderr);
    const asked = ['audit', 'tail', '--email', 'late@partner.example'];
    const found = await runCommand([...asked, '--config', installation.folder]);
    assert.equal(found.code, 0, found.stderr);
    assert.match(found.stdout, /^\S+Z {2}a {2}invitation\.create {2}invited {2}/);
  });
});

function isUnavailable(error: unknown): boolean {
  return error instanceof GuestError && error.code === 'unavailable';
}
