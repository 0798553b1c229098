// Owns a world that is restarted with another configuration, and what guests do in it: open a link,
// press a button, type a code.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { systemClock } from '../../src/domain/clock.ts';
import { parseEmailAddress } from '../../src/domain/email-address.ts';
import type { Tenant } from '../../src/domain/tenant.ts';
import type { InvitationOutcome } from '../../src/guests/invitations.ts';
import type { Invitation } from '../../src/plugin.ts';
import { startServer } from '../../src/server/start.ts';
import type { Guest } from '../../src/storage/store.ts';
import { createLog } from '../../src/telemetry/log.ts';
import { loadConfiguration } from '../../src/tenants/configuration.ts';
import { type Answer, hidden, Jar } from '../support/jar.ts';
import type { ReceivedMail } from '../support/smtp.ts';
import {
  createInstallation,
  createWalker,
  passcodeIn,
  watchedLog,
  type World,
  type WorldOptions,
} from '../support/world.ts';

export const DAY = 86_400;
/** A page of the client `docs`, by its origin. */
export const TARGET = 'http://127.0.0.1:9999/welcome';
export const INVITER = 'host@fabrikam.example';
export const ADMIN = 'admin@fabrikam.example';

type Made = Exclude<InvitationOutcome, { outcome: 'refused' }>;

/** A world whose configuration can change, and whose log can be read. */
export interface House extends World {
  /** Lines of the log so far. */
  readonly lines: string[];
  /** Tenant a, as the server knows it now. */
  tenant(): Tenant;
  /** The guest as stored. */
  stored(guest: Pick<Guest, 'id'>): Promise<Guest | undefined>;
  /** Invites to tenant a with mail, and fails when that is refused. */
  asked(address: string, changes?: Partial<Invitation>): Promise<Made>;
  /** Stops, changes the file of tenant a, and starts again. */
  restartWith(change: (tenant: Record<string, unknown>) => object): Promise<void>;
}

/**
 * Opens a house. The mail budgets are out of the way: its tests send more than one network may.
 *
 * @param files written into the configuration folder first, by name
 */
export async function openHouse(
  options: Omit<WorldOptions, 'log' | 'clock' | 'mostProviders'> & {
    readonly files?: Readonly<Record<string, string>>;
  },
): Promise<House> {
  const installation = await createInstallation({
    ...options,
    settings: { ...options.settings, limits: MANY_MAILS, unsafeLimits: true },
  });
  for (const [name, text] of Object.entries(options.files ?? {})) {
    await writeFile(join(installation.folder, name), text);
  }
  const lines: string[] = [];
  const log = watchedLog(
    installation.folder,
    createLog({ level: 'info', destination: { write: (line) => void lines.push(line) } }),
  );
  const dns = options.resolveTxt ? { resolveTxt: options.resolveTxt } : {};
  const start = async () =>
    startServer(await loadConfiguration(installation.folder, {}), {
      log,
      clock: systemClock,
      ...dns,
    });
  let server = await start();

  const house: House = {
    ...installation,
    ...createWalker(installation),
    lines,
    get server() {
      return server;
    },
    tenant: () => server.guests.parts.tenants().byId.get('a')!,
    stored: ({ id }) => server.guests.parts.store.guests.find('a', id),
    async invite(text, tenant = 'a', state) {
      const { directory } = server.guests.parts;
      const { guest } = await directory.invite({ tenant, address: parseEmailAddress(text)! });
      if (state === 'pending') return guest;
      await directory.redeem(guest, {
        method: 'emailOneTimePasscode',
        connection: null,
        identity: null,
        idp: 'mail',
      });
      return (await directory.findBySubject(tenant, guest.id)) ?? guest;
    },
    async asked(address, changes = {}) {
      const asked = { tenant: 'a', address, invitedBy: INVITER, sendMessage: true, ...changes };
      const outcome = await server.guests.invite(asked);
      if (outcome.outcome === 'refused') throw new Error(outcome.code);
      return outcome;
    },
    async restartWith(change) {
      await server.close();
      const file = join(installation.folder, 'tenants', 'a.yaml');
      const written: Record<string, unknown> = parse(await readFile(file, 'utf8'));
      await writeFile(file, stringify(change(written)));
      server = await start();
    },
    async close() {
      await server.close();
      await installation.remove();
    },
  };
  return house;
}

const MANY_MAILS = {
  sendsPerAddressPerHour: 1000,
  sendsPerAddressPerDay: 1000,
  sendsPerMailboxPerHour: 1000,
  sendsPerMailboxPerDay: 1000,
  sendsPerNetworkPer15Minutes: 1000,
  sendsPerNetworkPerDay: 1000,
};

/** The link a guest is mailed. */
export function linkIn(mail: ReceivedMail): string {
  const found = /https?:\/\/\S+\/invitation\?ticket=[\w.-]+/.exec(mail.parsed.text ?? '')?.[0];
  if (found === undefined) throw new Error(`no link in: ${mail.parsed.text}`);
  return found;
}

/** The n-th link mailed to an address. */
export async function nextLink(house: House, address: string, after = 0): Promise<string> {
  return linkIn(await house.relay.nextMail(address, { after }));
}

/** Opens a link and presses its button. */
export async function takeLink(jar: Jar, link: string): Promise<Answer> {
  return press(jar, await jar.follow(await jar.get(link)), 'accept');
}

/** Presses the button of a page's form, and follows. */
export async function press(
  jar: Jar,
  page: Answer,
  action: string,
  fields: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  const path = new RegExp(`action="([^"]*/${action})"`).exec(page.text)?.[1];
  if (path === undefined) throw new Error(`no button ${action} in: ${page.text}`);
  const form = { csrf: hidden(page, 'csrf'), ...fields };
  return jar.follow(await jar.post(new URL(path, page.url), form));
}

/** From the page that says a code will be mailed to the page after the right code. */
export async function byCode(
  house: House,
  jar: Jar,
  page: Answer,
  address: string,
): Promise<Answer> {
  const code = await nextCode(house, jar, page, address);
  return press(jar, code.page, 'passcode', { code: code.typed });
}

/** Presses Send code and reads the mail; an invitation still on its way is not it. */
export async function nextCode(house: House, jar: Jar, page: Answer, address: string) {
  let after = house.relay.messages.filter(({ recipients }) => recipients.includes(address)).length;
  const shown = await press(jar, page, 'send');
  let mail = await house.relay.nextMail(address, { after });
  while (mail.parsed.text?.includes('/invitation?ticket=')) {
    after += 1;
    mail = await house.relay.nextMail(address, { after });
  }
  return { page: shown, typed: passcodeIn(mail.parsed.text ?? '') };
}

/** Begins a sign-in at the client `docs`, and gives the address. */
export async function arrive(house: House, jar: Jar, address: string, tenant = 'a') {
  const begun = await house.begin(tenant);
  const page = await jar.follow(await jar.get(begun.url));
  const form = { csrf: hidden(page, 'csrf'), email: address };
  return { begun, page: await jar.follow(await jar.post(`${page.url.href}/address`, form)) };
}

/** Whether anybody is signed in at tenant a in this browser. */
export async function isSignedIn(house: House, jar: Jar): Promise<boolean> {
  const { url } = await house.begin('a', { prompt: 'none' });
  return (await jar.follow(await jar.get(url))).location?.includes('code=') ?? false;
}

/** A browser that remembers all it was told. */
export class WatchedJar extends Jar {
  readonly seen: Answer[] = [];

  override async send(...given: Parameters<Jar['send']>): Promise<Answer> {
    const answer = await super.send(...given);
    this.seen.push(answer);
    return answer;
  }
}
