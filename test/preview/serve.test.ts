import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type RunningPreview, startPreview } from '../../src/preview/serve.ts';

const SETTINGS = `publicUrl: https://guest.example
database: sqlite:../data/guestpass.db
mail: { transport: 'smtp://relay.example:587', from: no-reply@guest.example }
`;
const TENANT = 'id: northwind\ndisplayName: Northwind\nverifiedDomains: [northwind.example]\n';

describe('startPreview', () => {
  let folder: string;
  let file: string;
  let preview: RunningPreview;
  let origin: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'guestpass-preview-'));
    file = join(folder, 'config', 'tenants', 'northwind.yaml');
    await mkdir(join(folder, 'config', 'tenants'), { recursive: true });
    await writeFile(join(folder, 'config', 'guestpass.yaml'), SETTINGS);
    await writeFile(file, TENANT);
    preview = await startPreview(
      { directory: join(folder, 'config'), tenant: 'northwind.example', env: {} },
      { host: '127.0.0.1', port: 0 },
    );
    origin = `http://127.0.0.1:${preview.address.port}`;
  });
  after(async () => {
    await preview.close();
    await rm(folder, { recursive: true });
  });
  afterEach(() => writeFile(file, TENANT));

  const get = (path: string) => fetch(`${origin}${path}`);

  it('lists pages and mails, and every link leads to one', async () => {
    const index = await (await get('/')).text();
    const links = linksOf(index);
    assert.ok(links.filter((path) => path.startsWith('/dev/pages/')).length > 80);
    assert.ok(links.filter((path) => path.startsWith('/dev/mails/')).length > 8);
    for (const link of links) {
      const response = await get(link);
      const text = await response.text();
      assert.match(response.headers.get('content-type') ?? '', /^text\/html/, link);
      assert.doesNotMatch(text, /Faults – Preview|No such page/, link);
      assert.doesNotMatch(text, /\{\{|undefined|\[object/, link);
    }
  });

  it('S30 shows the page as a server does: its sheet, its headers, its status', async () => {
    const response = await get('/dev/pages/enter-code-wrong');
    const text = await response.text();
    assert.equal(response.status, 400);
    assert.match(
      response.headers.get('content-security-policy') ?? '',
      /default-src 'none';style-src 'self';script-src 'self'/,
    );
    assert.match(text, /That code is not right/);
    const sheet = /href="(\/assets\/style\.css\?v=[^"]+)"/.exec(text)?.[1] ?? '';
    const served = await get(sheet);
    assert.equal(await served.text(), await readFile('views/assets/style.css', 'utf8'));
  });

  it('S30 shows a mail with its headers, its text, and its HTML where no script runs', async () => {
    const page = await get('/dev/mails/invitation');
    const text = await page.text();
    for (const said of ['Northwind (via Guestpass)', 'List-Unsubscribe-Post', 'Auto-Submitted']) {
      assert.ok(text.includes(said), said);
    }
    assert.match(text, /<iframe sandbox src="\/dev\/mails\/invitation\/html"/);
    const html = await get('/dev/mails/invitation/html');
    assert.match(html.headers.get('content-security-policy') ?? '', /default-src 'none'.*sandbox/);
    assert.match(await html.text(), /Accept invitation/);
  });

  it('shows every state in every language: pages, mails, and what leads on from them', async () => {
    await writeFile(
      file,
      `${TENANT}language: fr\nwording: { de: { page.address.hint: 'Ihre, bitte.' } }\n`,
    );
    const index = await (await get('/?lang=de')).text();
    assert.match(
      index,
      /<a href="\/\?lang=de" lang="de" hreflang="de" dir="auto" aria-current="true">Deutsch</,
    );
    assert.ok(
      linksOf(index).every((path) => !path.startsWith('/dev/') || path.endsWith('?lang=de')),
    );
    const page = await get('/dev/pages/address?lang=de');
    assert.equal(page.headers.get('content-language'), 'de');
    assert.deepEqual(page.headers.getSetCookie(), []);
    const text = await page.text();
    assert.match(text, /Ihre, bitte\./);
    assert.match(text, /<a href="\?lang=fr" lang="fr"/);
    const mail = await (await get('/dev/mails/passcode?lang=de')).text();
    assert.match(mail, /Ihr Anmeldecode für Northwind – K7/);
    assert.match(mail, /<a href="\?lang=nl" lang="nl"/);
    assert.match(mail, /src="\/dev\/mails\/passcode\/html\?lang=de"/);
    assert.match(await (await get('/dev/mails/passcode/html?lang=de')).text(), /Ihr Code lautet/);
    // Nothing asked for: as the tenant says.
    const own = await fetch(`${origin}/dev/pages/address`, {
      headers: { 'accept-language': 'sv' },
    });
    assert.equal(own.headers.get('content-language'), 'fr');
  });

  it('answers a form by saying that nothing was sent, and leads back', async () => {
    const shown = await (await get('/dev/pages/send-code')).text();
    const action = /action="([^"]+)"/.exec(shown)?.[1] ?? '';
    const response = await fetch(`${origin}${action}`, {
      method: 'POST',
      body: new URLSearchParams({ csrf: 'x' }),
      headers: { referer: `${origin}/dev/pages/send-code` },
    });
    const text = await response.text();
    assert.equal(response.status, 200);
    assert.match(text, /This is a preview[^]*Nothing was sent and nothing was changed/);
    assert.match(text, /href="\/dev\/pages\/send-code">Back/);
  });

  it('leads back to its own pages alone', async () => {
    for (const referer of [`http://other.example/dev/pages/address`, `${origin}/x"><b>`]) {
      const text = await (
        await fetch(`${origin}/x`, { method: 'POST', headers: { referer } })
      ).text();
      assert.doesNotMatch(text, /Back to the page|<b>/);
    }
  });

  it('shows a changed file at the next request', async () => {
    assert.match(await (await get('/dev/pages/address')).text(), /Sign in to Northwind/);
    await writeFile(file, TENANT.replace('Northwind', 'Northwind Traders'));
    assert.match(await (await get('/dev/pages/address')).text(), /Sign in to Northwind Traders/);
  });

  it('S57 says what is wrong with a file, and where, until it is mended', async () => {
    await writeFile(file, TENANT.replace('displayName', 'displayNaem'));
    const response = await get('/dev/pages/address');
    assert.equal(response.status, 500);
    assert.match(await response.text(), /tenants\/northwind\.yaml:2:1  displayNaem/);
    await writeFile(file, TENANT);
    assert.equal((await get('/dev/pages/address')).status, 200);
  });

  it('S57 makes no secret and opens no database', async () => {
    await get('/');
    assert.deepEqual(await readdir(folder), ['config']);
    assert.deepEqual((await readdir(join(folder, 'config'))).toSorted(), [
      'guestpass.yaml',
      'tenants',
    ]);
  });

  it('shows the look of the tenant, on pages that are known to be its own', async () => {
    await writeFile(file, `${TENANT}branding: { accent: '#0f766e' }\n`);
    const themeOf = async (id: string) =>
      /href="(\/northwind\/theme\.css\?v=[^"]+)"/.exec(
        await (await get(`/dev/pages/${id}`)).text(),
      )?.[1];
    const theme = await themeOf('enter-code');
    assert.match(await (await get(theme ?? '')).text(), /--button: #0f766e/);
    for (const id of ['no-tenant', 'expired-anywhere', 'error-host-unknown', 'mailbox']) {
      assert.equal(await themeOf(id), undefined, id);
    }
    assert.match(await (await get('/dev/mails/invitation/html')).text(), /#0f766e/);
  });

  it('says so where there is no such page', async () => {
    for (const path of [
      '/northwind/branding/logo',
      '/assets/none.css',
      '/dev/pages/nothing',
      '/dev/mails/address',
      '/x',
      '/dev/pages/address/html',
    ]) {
      assert.equal((await get(path)).status, 404, path);
    }
  });
});

function linksOf(html: string): readonly string[] {
  const found = [...html.matchAll(/href="(\/dev\/[^"]+)"/g)].map(([, path = '']) => path);
  return found.filter((path) => !path.endsWith('.css'));
}
