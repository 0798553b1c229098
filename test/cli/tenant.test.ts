import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { type SetOptions, setTenant } from '../../src/cli/tenant-set.ts';
import { showTenant } from '../../src/cli/tenant-show.ts';
import { soundEnv, soundSettings, soundTenant, writeFolder } from '../settings/config-folder.ts';
import { runCommand } from '../support/processes.ts';
import { listen, listenJson, type Said } from './said.ts';
import { openTenantHouse, type TenantHouse } from './tenant-house.ts';

describe('guestpass tenant', () => {
  let house: TenantHouse;
  beforeEach(async () => {
    house = await openTenantHouse();
  });
  afterEach(() => house.close());

  const set = (
    key: string,
    value: string,
    more: Partial<SetOptions> = {},
    answer?: boolean,
  ): Promise<Said> => {
    const options = { config: house.folder, tenant: 'a', yes: false, dryRun: false };
    return listen((output) =>
      setTenant(key, value, { ...options, ...more }, output, async () => answer),
    );
  };

  describe('set', () => {
    it('R41 says how many guests it would lock out, and changes nothing without a yes', async () => {
      const before = await house.textOf();
      for (const answer of [undefined, false]) {
        const said = await set('emailOneTimePasscode', 'disabled', {}, answer);
        assert.equal(said.code, 1);
        assert.match(
          said.err,
          /^2 guests redeemed by passcode could no longer sign in: .*reset them so that they redeem again: guestpass guests reset EMAIL --tenant a /m,
        );
        assert.match(said.err, /^Nothing was changed/m);
      }
      assert.equal(await house.textOf(), before);
      assert.deepEqual(await house.auditOf('tenant.set'), []);
    });

    for (const [how, more, answer] of [
      ['with --yes', { yes: true }, undefined],
      ['when asked and told yes', {}, true],
    ] as const) {
      it(`S64 writes it ${how}, and tells the auditor who did it`, async () => {
        const said = await set('emailOneTimePasscode', 'disabled', { ...more, actor: 'x' }, answer);
        assert.deepEqual([said.code, said.out], [0, 'a  emailOneTimePasscode  set']);
        assert.match(said.err, /^Wrote tenants\/a\.yaml; a running server picks it up\.$/m);
        assert.match(await house.textOf(), /^emailOneTimePasscode: disabled$/m);
        const [entry] = await house.auditOf('tenant.set');
        assert.deepEqual([entry?.tenant, entry?.actor, entry?.outcome], ['a', 'x', 'done']);
        assert.equal(entry?.detail['to'], 'disabled');
      });
    }

    it('R41 asks nobody when nobody is locked out', async () => {
      assert.equal((await set('displayName', 'Fabrikam')).code, 0);
      assert.equal((await set('redemption.order', '[homeDirectory]')).code, 0);
      assert.equal((await set('support', 'help@a.example')).code, 0);
      const text = await house.textOf();
      assert.match(text, /^displayName: Fabrikam$/m);
      assert.match(text, /order:\s+(?:- homeDirectory|\[ ?homeDirectory ?\])/);
      assert.equal((await set('support', 'null')).code, 0);
      assert.doesNotMatch(await house.textOf(), /support/);
    });

    it('R41 previews with --dry-run, and writes nothing', async () => {
      const before = await house.textOf();
      const said = await set('emailOneTimePasscode', 'disabled', { dryRun: true });
      assert.equal(said.code, 1);
      assert.match(said.out, /^2 guests redeemed by passcode/);
      assert.match(said.out, /would be set; nothing was changed$/);
      assert.equal((await set('displayName', 'B', { dryRun: true })).code, 0);
      assert.equal(await house.textOf(), before);
    });

    it('R54 says every fault the file would have as validate does, and writes nothing', async () => {
      const before = await house.textOf();
      const said = await set('redemption', '{ fallback: [], order: [home] }', { yes: true });
      assert.equal(said.code, 1);
      assert.match(
        said.err,
        /^tenants\/a\.yaml:\d+:\d+ {2}redemption\.order\[0\] {2}unknown value/m,
      );
      const empty = await set('redemption.fallback', '[]', { yes: true });
      assert.match(empty.err, /redemption\.fallback {2}no fallback is left/);
      const typo = await set('emailOneTimePascode', 'enabled', { yes: true });
      assert.match(typo.err, /did you mean "emailOneTimePasscode"\?/);
      assert.equal(await house.textOf(), before);
    });

    it('S35 refuses a domain of another tenant', async () => {
      const b = { config: house.folder, tenant: 'b', yes: true, dryRun: false };
      const domains = (output: Parameters<Parameters<typeof listen>[0]>[0]) =>
        setTenant('verifiedDomains', '[taken.example]', b, output);
      assert.equal((await set('verifiedDomains', '[taken.example]')).code, 0);
      const said = await listen(domains);
      assert.equal(said.code, 1);
      assert.match(said.err, /"taken\.example" is taken by the tenant a/);
    });

    it('leaves a file that is read-only, or says so already', async () => {
      const said = await set('emailOneTimePasscode', 'enabled');
      const again = await set('emailOneTimePasscode', 'enabled');
      assert.deepEqual([said.code, again.code], [0, 0]);
      assert.equal(again.out, 'a  emailOneTimePasscode  is so already');
      await chmod(join(house.folder, 'tenants', 'a.yaml'), 0o444);
      const refused = await set('displayName', 'Else');
      assert.equal(refused.code, 1);
      assert.match(refused.err, /tenants\/a\.yaml is read-only; change it where it comes from/);
      const [, last] = await house.auditOf('tenant.set');
      assert.equal(last?.outcome, 'refused');
      // It would lock guests out: nobody is asked for what cannot be written.
      const unasked = await set('emailOneTimePasscode', 'disabled', {}, false);
      assert.match(unasked.err, /is read-only/);
    });

    it('takes neither a key nor a value that is none', async () => {
      for (const [key, value] of [
        ['id', 'c'],
        ['a..b', '1'],
        ['__proto__.x', '1'],
        ['displayName', ''],
        ['displayName', '[a'],
      ] as const) {
        assert.notEqual((await set(key, value, { yes: true })).code, 0, key);
      }
      assert.equal((await set('displayName', 'A', { tenant: 'none' })).code, 1);
      assert.equal((await set('displayName.x', 'A')).code, 1);
    });

    it('S65 keeps a secret from the auditor', async () => {
      const said = await set('consumerAccounts.oidc.clientSecret', 'another-9Kd7-Lr2v', {
        yes: true,
      });
      assert.equal(said.code, 0);
      const entries = JSON.stringify(await house.auditOf('tenant.set'));
      assert.match(entries, /consumerAccounts\.oidc\.clientSecret/);
      assert.doesNotMatch(entries + said.err + said.out, /another-9Kd7/);
    });

    it('R41 wants --yes of a program', async () => {
      const words = ['tenant', 'set', 'a', 'emailOneTimePasscode', 'disabled', '--config'];
      const asked = await runCommand([...words, house.folder]);
      assert.equal(asked.code, 1);
      assert.match(asked.stderr, /add --yes to do it all the same/);
      const done = await runCommand([...words, house.folder, '--yes']);
      assert.deepEqual([done.code, done.stdout], [0, 'a  emailOneTimePasscode  set\n']);
    });

    it('changes a tenant of an installation that never ran', async () => {
      const config = await writeFolder({
        'guestpass.yaml': soundSettings,
        'tenants/fabrikam.yaml': soundTenant.replace('{ env: DOCS_SECRET }', soundEnv.DOCS_SECRET),
      });
      const said = await set('guestsMayLeave', 'false', { config, tenant: 'fabrikam.com' });
      assert.deepEqual([said.code, said.out], [0, 'fabrikam  guestsMayLeave  set']);
    });
  });

  it('R31 shows what holds, defaults put in, guests counted and no secret', async () => {
    await house.bind('teri@gmail.com');
    const json = await listenJson((output) =>
      showTenant({ config: house.folder, tenant: 'a' }, output),
    );
    const shown: Record<string, unknown> = JSON.parse(json.out);
    assert.deepEqual(shown['guests'], {
      'consumerAccount at consumer': 1,
      emailOneTimePasscode: 2,
    });
    assert.deepEqual([shown['emailOneTimePasscode'], shown['passcodesAreOn']], ['default', true]);
    assert.equal(shown['branding'], null);
    assert.equal((await set('branding', '{ accent: "#0B5FFF" }', { yes: true })).code, 0);
    const branded = await listenJson((output) =>
      showTenant({ config: house.folder, tenant: 'a' }, output),
    );
    assert.deepEqual((JSON.parse(branded.out) as { branding: unknown }).branding, {
      logo: null,
      logoDark: null,
      favicon: null,
      accent: '#0b5fff',
      background: null,
      footerLinks: [],
    });
    const text = await listen((output) =>
      showTenant({ config: house.folder, tenant: 'a' }, output),
    );
    assert.match(text.out, /^emailOneTimePasscode: default\npasscodesAreOn: true$/m);
    assert.match(text.out, /client_secret: \(not shown\)/);
    assert.doesNotMatch(text.out + json.out, /topsecret|toptoken/);
  });
});
