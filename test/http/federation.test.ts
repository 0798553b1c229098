import assert from 'node:assert/strict';
import { type Answer, heading, hidden, Jar } from '../support/jar.ts';
import { connect, giveAddress, oidcOf, startPlace } from '../support/places.ts';
import { signInAt, type UpstreamOidc } from '../support/upstream-oidc.ts';
import { signInAtSaml, startUpstreamSaml, type UpstreamSaml } from '../support/upstream-saml.ts';
import { startWorld, type World } from '../support/world.ts';

describe('what other places send back', () => {
  let world: World;
  let partner: UpstreamOidc;
  let saml: UpstreamSaml;
  const at = (path: string, tenant = 'a') =>
    `${world.publicUrl}/${tenant}/signin/federation/${path}`;

  before(async () => {
    partner = await startPlace('Partner', 'ana@partner.example');
    saml = await startUpstreamSaml();
    const federations = [
      {
        id: 'partner',
        displayName: 'Partner',
        domains: ['partner.example'],
        oidc: oidcOf(partner),
      },
      {
        id: 'saml',
        displayName: 'Saml',
        domains: ['saml.example'],
        saml: { issuer: saml.issuer, metadata: { url: saml.metadataUrl } },
      },
    ];
    world = await startWorld({
      resolveTxt: () =>
        Promise.resolve(
          [partner.issuer, saml.metadataUrl].map((url) => [`DirectFedAuthUrl=${url}`]),
        ),
      tenants: { a: { federations }, b: { federations } },
    });
    connect(world, partner, 'partner');
  });
  after(async () => {
    await world.close();
    await Promise.all([partner.stop(), saml.stop()]);
  });

  async function leaveFor(jar: Jar, address: string): Promise<string> {
    await world.invite(address, 'a', 'pending');
    const page = await jar.follow(await jar.get((await world.begin()).url));
    const left = await giveAddress(jar, page, address);
    assert.ok(left.location, left.text);
    return left.location;
  }

  it('S52 shows an expired page for an answer nobody asked for', async () => {
    for (const query of [
      '',
      '?code=x',
      '?code=x&state=y',
      '?error=access_denied&state=',
      '?state=a&state=b',
    ]) {
      const page = await new Jar().get(`${at('partner/callback')}${query}`);
      assert.deepEqual([page.status, heading(page)], [400, 'This page has expired'], query);
    }
    assert.equal((await new Jar().get(`${at('nobody/callback')}?state=x`)).status, 400);
  });

  it('S52 takes no answer at another connection or another tenant', async () => {
    for (const path of [at('saml/callback'), at('partner/callback', 'b')]) {
      const jar = new Jar();
      const left = await leaveFor(jar, 'ana@partner.example');
      const back = await signInAt(new Jar(), left, 'ana@partner.example');
      const answer = await jar.get(`${path}${back.search}`);
      assert.equal(answer.status, 400, path);
      assert.equal((await jar.get(back)).status, 400, 'it was used up');
    }
  });

  it('S52 takes no OIDC answer by POST, which carries no cookies', async () => {
    const jar = new Jar();
    const left = await leaveFor(jar, 'ana@partner.example');
    const back = await signInAt(new Jar(), left, 'ana@partner.example');
    const posted = await new Jar().post(at('partner/callback'), back.search.slice(1), {
      origin: partner.issuer,
      'sec-fetch-site': 'cross-site',
    });
    assert.deepEqual([posted.status, posted.location], [400, undefined]);
  });

  it('S54 leads a posted answer to the sign-in, where the browser’s cookies are looked at', async () => {
    const jar = new Jar();
    const left = await leaveFor(jar, 'ana@saml.example');
    const { acs, fields } = await signInAtSaml(left, 'ana@saml.example');
    assert.equal(acs, at('saml/callback'));
    // As browsers send it: from another site, without cookies.
    const cross = { origin: new URL(left).origin, 'sec-fetch-site': 'cross-site' };
    const posted = await new Jar().post(acs, fields, cross);
    assert.equal(posted.status, 303);
    assert.equal(posted.headers['cache-control'], 'no-store');
    assert.match(posted.location ?? '', /\/federation\/saml\/callback\?held=[\w-]{43}$/);
    assert.equal(heading(await jar.follow(await jar.get(posted.location!))), 'Review permissions');
    assert.equal((await new Jar().post(acs, fields, cross)).status, 400);
  });

  it('P10 begins the request anew where an answer comes twice, by Back', async () => {
    const answers: Readonly<
      Record<string, (left: string) => Promise<(jar: Jar) => Promise<Answer>>>
    > = {
      'ana@partner.example': async (left) => {
        const back = await signInAt(new Jar(), left, 'ana@partner.example');
        return (jar) => jar.get(back);
      },
      'twice@saml.example': async (left) => {
        const { acs, fields } = await signInAtSaml(left, 'twice@saml.example');
        const cross = {
          origin: new URL(left).origin,
          'sec-fetch-site': 'cross-site',
          'sec-fetch-mode': 'navigate',
        };
        return async (jar) => {
          const posted = await new Jar().post(acs, fields, cross);
          return jar.follow(await jar.get(new URL(posted.location!, acs)));
        };
      },
    };
    for (const [address, answerOf] of Object.entries(answers)) {
      const jar = new Jar();
      const left = await leaveFor(jar, address);
      const comeBack = await answerOf(left);
      await comeBack(jar);
      const page = await comeBack(jar);
      assert.deepEqual([page.status, heading(page)], [400, 'This page has expired'], address);
      const restart = hidden(page, 'restart');
      const again = await jar.follow(
        await jar.post(`${at('').split('/federation')[0]!}/restart`, { restart }),
      );
      const [one, other] = [new URL(left), new URL(again.location!)];
      assert.equal(other.origin + other.pathname, one.origin + one.pathname);
      // The link alone, in another browser, leads to nothing of this one's.
      assert.doesNotMatch((await comeBack(new Jar())).text, /name="restart"/);
    }
  });

  it('S59 reads a form of the right kind and size alone', async () => {
    const url = at('saml/callback');
    const jar = new Jar();
    assert.equal((await jar.post(url, '{}', { 'content-type': 'application/json' })).status, 415);
    assert.equal((await jar.post(url, `SAMLResponse=${'A'.repeat(400_001)}`)).status, 413);
    assert.equal((await jar.post(url, 'RelayState=a&RelayState=b')).status, 400);
    const many = Array.from({ length: 17 }, (_, index) => `f${index}=x`).join('&');
    assert.equal((await jar.post(url, many)).status, 400);
  });

  it('refuses other verbs and other paths', async () => {
    const jar = new Jar();
    for (const method of ['PUT', 'DELETE', 'HEAD']) {
      assert.equal((await jar.send(method, at('partner/callback'))).status, 405, method);
    }
    assert.equal((await jar.post(at('saml/metadata'), {})).status, 405);
    for (const path of ['partner', 'partner/other', 'PARTNER/callback', 'a'.repeat(33)]) {
      assert.ok((await jar.get(at(path))).status >= 400, path);
    }
  });

  it('R51 describes a SAML connection to its identity provider, and no other', async () => {
    const { status, headers, text } = await new Jar().get(at('saml/metadata'));
    assert.equal(status, 200);
    assert.match(String(headers['content-type']), /^application\/samlmetadata\+xml/);
    assert.ok(text.includes(`Location="${at('saml/callback')}"`), text);
    assert.equal((await new Jar().get(at('partner/metadata'))).status, 404);
    assert.equal((await new Jar().get(at('nobody/metadata'))).status, 404);
    // Each tenant is a service provider of its own.
    assert.notEqual((await new Jar().get(at('saml/metadata', 'b'))).text, text);
  });
});
