import assert from 'node:assert/strict';
import type { AuditQuery, StoredAuditEntry } from '../../src/storage/store.ts';
import { hidden } from '../support/jar.ts';
import { connect, oidcOf, startPlace, throughPlace } from '../support/places.ts';
import type { UpstreamOidc } from '../support/upstream-oidc.ts';
import { secretOf, stores } from '../support/world.ts';
import {
  ADMIN,
  arrive,
  byCode,
  type House,
  INVITER,
  nextCode,
  nextLink,
  openHouse,
  press,
  takeLink,
  WatchedJar,
} from './house.ts';

const MAILED = 'mona@mail.example';
const FEDERATED = 'fred@partner.example';
const WRONG = 'wanda@mail.example';
const STRANGER = 'steve@mail.example';

for (const store of stores) {
  describe(`the audit trail of a day, on ${store}`, () => {
    let house: House;
    let partner: UpstreamOidc;
    /** What must be found nowhere, by what it is. */
    const secrets = new Map<string, string>();
    const jars: WatchedJar[] = [];

    before(async () => {
      partner = await startPlace('Partner', FEDERATED);
      house = await openHouse({
        store,
        resolveTxt: () => Promise.resolve([[`DirectFedAuthUrl=${partner.issuer}`]]),
        tenants: {
          a: {
            federations: [
              {
                id: 'partner',
                displayName: 'Partner',
                domains: ['partner.example'],
                oidc: oidcOf(partner),
              },
            ],
          },
        },
      });
      connect(house, partner, 'partner');
      await live();
      await house.server.guests.parts.log.flush();
    });
    after(async () => {
      await house.close();
      await partner.stop();
    });

    const browser = (): WatchedJar => {
      const jar = new WatchedJar();
      jars.push(jar);
      return jar;
    };
    const trail = (query: Omit<AuditQuery, 'limit'> = {}): Promise<readonly StoredAuditEntry[]> =>
      house.server.guests.parts.store.audit.list({ limit: 1000, ...query });
    const ofAddress = (key: string) =>
      trail({ addressHash: house.server.guests.parts.hashAddress(key) });
    const storyOf = async (key: string) =>
      (await ofAddress(key)).map(({ event, outcome, errorCode }) =>
        [event, outcome ?? errorCode].filter((word) => word !== null).join(' '),
      );

    async function live(): Promise<void> {
      // By invitation and passcode, then out again.
      const invited = await house.asked(MAILED, { message: 'Between us two' });
      secrets.set('ticket', new URL(await nextLink(house, MAILED)).searchParams.get('ticket')!);
      const mona = browser();
      const page = await takeLink(mona, invited.redeemUrl!);
      await house.consent(mona, await byCode(house, mona, page, MAILED));
      const end = `${house.publicUrl}/a/v2.0/session/end`;
      const asked = await mona.get(end);
      await mona.post(`${end}/confirm`, { xsrf: hidden(asked, 'xsrf'), logout: 'yes' });
      // By federation, and tokens of it.
      await house.invite(FEDERATED, 'a', 'pending');
      const fred = browser();
      const { begun, page: left } = await arrive(house, fred, FEDERATED);
      const done = await house.consent(fred, await throughPlace(fred, left, FEDERATED));
      const tokens = await house.redeem(begun, done.location!);
      secrets.set('access token', tokens.access_token);
      secrets.set('ID token', tokens.id_token!);
      secrets.set('verifier', begun.verifier);
      // Wrong codes until none counts any more, and the right one too late.
      await house.invite(WRONG);
      const wanda = browser();
      const sent = await nextCode(house, wanda, (await arrive(house, wanda, WRONG)).page, WRONG);
      secrets.set('passcode', sent.typed);
      const wrong = sent.typed.startsWith('1') ? '20202020' : '10101010';
      secrets.set('wrong passcode', wrong);
      let shown = sent.page;
      for (let tried = 0; tried < 5; tried += 1) {
        shown = await press(wanda, shown, 'passcode', { code: wrong });
      }
      const csrf = { csrf: hidden(sent.page, 'csrf'), code: sent.typed };
      await wanda.post(`${sent.page.url.href.replace(/\/[a-z]+$/, '')}/passcode`, csrf);
      // Nobody's address.
      const steve = browser();
      await press(steve, (await arrive(house, steve, STRANGER)).page, 'send');
      // An administrator's hands.
      const { administration, invitations } = house.server.guests.parts;
      const guest = await house.invite('gone@mail.example');
      await administration.block(house.tenant(), guest, ADMIN);
      await administration.remove(house.tenant(), guest, ADMIN);
      const waiting = await house.invite('waiting@mail.example', 'a', 'pending');
      await invitations.withdraw(house.tenant(), waiting, ADMIN);
    }

    it('S64 T98 tells how a guest came by invitation and passcode, and went', async () => {
      assert.deepEqual(await storyOf(MAILED), [
        'invitation.create invited',
        'sign-in.decide use',
        'passcode.issue sent',
        'passcode.evaluate verified',
        'consent.accept',
        'sign-in.finish',
      ]);
      const [created, ...steps] = await ofAddress(MAILED);
      assert.deepEqual([created?.tenant, created?.actor], ['a', 'h**t@fabrikam.example']);
      const finished = steps.at(-1);
      assert.ok(finished?.row);
      assert.match(finished.rule ?? '', /^R\d/);
      assert.equal(finished.subject, created?.subject);
      assert.equal(finished.network, '127.0.0.x');
      assert.ok(Math.abs(finished.at - Date.now() / 1000) < 300);
      const out = await trail({ event: 'session.end' });
      assert.deepEqual(
        out.map(({ tenant, subject, outcome }) => [tenant, subject, outcome]),
        [['a', finished.subject, 'everywhere']],
      );
    });

    it('S64 T98 tells how a guest came from another place', async () => {
      assert.deepEqual(await storyOf(FEDERATED), [
        'sign-in.decide use',
        'consent.accept',
        'sign-in.finish',
      ]);
      const finished = (await ofAddress(FEDERATED)).at(-1);
      assert.equal(finished?.client, 'docs');
      assert.deepEqual(
        [finished.detail['connection'], finished.detail['idp']],
        ['partner', partner.issuer],
      );
    });

    it('S64 T98 counts every code that was judged, and says how it ended', async () => {
      assert.deepEqual(await storyOf(WRONG), [
        'sign-in.decide use',
        'passcode.issue sent',
        ...Array.from({ length: 4 }, () => 'passcode.evaluate mismatch'),
        'passcode.evaluate exhausted',
        'passcode.evaluate exhausted',
      ]);
    });

    it('S64 S62 has what a stranger asked for, too', async () => {
      const story = await storyOf(STRANGER);
      assert.equal(story.length, 2);
      assert.match(story[0]!, /^sign-in\.decide /);
      assert.equal(story[1], 'passcode.issue sent');
    });

    it('S64 T98 names who changed a guest, and finds it by the guest’s address', async () => {
      const changes = await ofAddress('gone@mail.example');
      assert.deepEqual(
        changes.map(({ event, actor, outcome }) => [event, actor, outcome]),
        [
          ['guest.block', 'a**n@fabrikam.example', 'done'],
          ['guest.remove', 'a**n@fabrikam.example', 'done'],
        ],
      );
      assert.deepEqual(await storyOf('waiting@mail.example'), ['invitation.withdraw done']);
    });

    it('S64 has in the table what the log has for the auditor, line by line', async () => {
      const said = house.lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line['audit'] === true)
        .map(({ event }) => event);
      assert.deepEqual(
        (await trail()).map(({ event }) => event),
        said,
      );
      assert.ok(!house.lines.some((line) => line.includes('audit.lost')));
    });

    it('S65 T96 has no code, token, ticket, cookie, secret or whole address in table or log', async () => {
      for (const jar of jars) {
        for (const { name, value } of jar.cookies.values()) secrets.set(`cookie ${name}`, value);
        for (const { location } of jar.seen) {
          const code = location && new URL(location, house.publicUrl).searchParams.get('code');
          if (code) secrets.set(`code ${code}`, code);
        }
      }
      for (const { parsed, recipients } of house.relay.messages) {
        const code = /^[0-9]{8}$/m.exec(parsed.text ?? '')?.[0];
        if (code) secrets.set(`passcode of ${recipients.join()}`, code);
      }
      secrets.set('client secret', secretOf('a'));
      secrets.set('message', 'Between us two');
      for (const address of [MAILED, FEDERATED, WRONG, STRANGER, INVITER, ADMIN]) {
        secrets.set(`address ${address}`, address);
      }
      const table = JSON.stringify(await trail());
      const log = house.lines.join('');
      assert.ok(secrets.size > 15);
      for (const [name, value] of secrets) {
        assert.ok(value.length > 6, name);
        assert.equal(stands(value, table), false, `${name} is in the table`);
        assert.equal(stands(value, log), false, `${name} is in the log`);
      }
    });

    it('S64 finds an address whatever its letters, and only with the key', async () => {
      const { hashAddress } = house.server.guests.parts;
      assert.notDeepEqual(await trail({ addressHash: hashAddress(MAILED) }), []);
      const text = JSON.stringify(await ofAddress(MAILED));
      assert.ok(!text.includes(MAILED));
    });
  });
}

/** Whether a secret stands in a text; eight digits of a longer number or digest are no passcode. */
function stands(secret: string, text: string): boolean {
  return /^\d{8}$/.test(secret)
    ? new RegExp(`(?<![0-9A-Za-z])${secret}(?![0-9A-Za-z])`).test(text)
    : text.includes(secret);
}
