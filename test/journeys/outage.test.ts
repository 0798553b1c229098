import assert from 'node:assert/strict';
import { heading, hidden, Jar } from '../support/jar.ts';
import { type Mariadb, startPrivateMariadb } from '../support/mariadb.ts';
import { secretOf, startWorld, type World } from '../support/world.ts';

describe('a database that is gone', function () {
  this.timeout(60_000);
  let mariadb: Mariadb;
  let world: World;

  before(async () => {
    mariadb = await startPrivateMariadb();
    world = await startWorld({ settings: { database: await mariadb.createDatabase() } });
    await world.invite('teri@partner.example');
  });
  after(() => world.close());

  it('F2 T99 S65 is told as 503 with a reference, to people and programs, and grants nothing', async () => {
    const jar = new Jar();
    const begun = await world.begin();
    const page = await world.walkToCode(jar, begun, 'teri@partner.example');
    const code = await world.passcodeFor('teri@partner.example');
    await mariadb.stop();

    const answers = [
      await jar.get(page.url),
      await jar.post(`${page.url.href}/passcode`, { csrf: hidden(page, 'csrf'), code }),
      await new Jar().get(begun.url),
      await jar.get(`${world.publicUrl}/b/v2.0/.well-known/openid-configuration`),
    ];
    for (const answer of answers) {
      assert.deepEqual([answer.status, answer.location], [503, undefined]);
      assert.equal(heading(answer), 'Sorry, there is a problem');
      assert.equal(answer.headers['retry-after'], '10');
      assert.match(answer.text, /Reference: <bdi><strong>[\w-]{12}</);
      assert.doesNotMatch(answer.text, /mysql|ECONN|ENOENT|socket/i);
    }

    const basic = Buffer.from(`docs:${secretOf('a')}`).toString('base64');
    const token = await new Jar().send(
      'POST',
      `${world.publicUrl}/a/v2.0/token`,
      {
        accept: '*/*',
        authorization: `Basic ${basic}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      `grant_type=authorization_code&code=x&redirect_uri=x&code_verifier=${'x'.repeat(43)}`,
    );
    assert.equal(token.status, 503);
    const body = JSON.parse(token.text) as Record<string, string>;
    assert.equal(body['error'], 'temporarily_unavailable');
  });
});
