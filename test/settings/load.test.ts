import assert from 'node:assert/strict';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { access, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { defaultLimits, limitTable } from '../../src/domain/limits.ts';
import {
  faultsOf,
  loadSettings,
  publicSettings,
  soundSettings,
  writeFolder,
} from './config-folder.ts';

const key = (): string => randomBytes(32).toString('base64');
const keyEnv = { PEPPER: key(), SEALING: key(), COOKIE: key() };
const pkcs8 = { type: 'pkcs8', format: 'pem' } as const;
const rsaKey = (modulusLength: number): string =>
  generateKeyPairSync('rsa', { modulusLength }).privateKey.export(pkcs8).toString();
const edwardsKey = (): string => generateKeyPairSync('ed25519').privateKey.export(pkcs8).toString();
const keyRefs = `secrets:
  pepper: { env: PEPPER }
  sealingKey: { env: SEALING }
  cookieKeys: [{ env: COOKIE }]
`;

async function load(text: string, env: Record<string, string> = {}) {
  return loadSettings(await writeFolder({ 'guestpass.yaml': text }), env);
}

async function faults(text: string, env: Record<string, string> = {}): Promise<readonly string[]> {
  return faultsOf(load(text, env));
}

const mail = (line: string, base = soundSettings): string =>
  base.replace(/^mail:.*$/m, `mail: ${line}`);

const database = (line: string, base = soundSettings): string =>
  base.replace(/^database:.*$/m, `database: ${line}`) + keyRefs;

const withPepperFile = (base: string, mode: number) => ({
  'guestpass.yaml': `${base}secrets: { pepper: { file: pepper } }\n`,
  pepper: { text: keyEnv.PEPPER, mode },
});

describe('draftSettings', () => {
  it('takes a number of processes, or one for each core', async () => {
    const three = await load(`${soundSettings}processes: 3\n`, {});
    assert.equal(three.settings.processes, 3);
    const auto = await load(`${soundSettings}processes: auto\n`, {});
    assert.equal(auto.settings.processes, availableParallelism());
  });

  it('reads a small file and fills in the rest', async () => {
    const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
    const { settings } = await loadSettings(folder, {});
    const { secrets: _secrets, ...rest } = settings;
    assert.deepEqual(rest, {
      publicUrl: 'http://127.0.0.1:3000',
      loopback: true,
      listen: { host: '127.0.0.1', port: 3000 },
      adminListen: undefined,
      processes: 1,
      database: { kind: 'sqlite', file: join(folder, '../data/guestpass.db') },
      mail: {
        transport: {
          kind: 'smtp',
          host: '127.0.0.1',
          port: 2525,
          implicitTls: false,
          requireTls: false,
        },
        from: 'no-reply@guestpass.example',
      },
      limits: defaultLimits,
      tenantPicker: false,
      trustedProxies: [],
      logLevel: 'info',
      auditDays: 365,
    });
    assert(Object.isFrozen(settings) && Object.isFrozen(settings.mail.transport));
  });

  it('says every fault of the file at its line and column', async () => {
    const text = `publicURL: https://guest.example
listen: 3000
database: mysql://u:p@h
mail: { transport: smtp://x, from: nope, auth: { user: a, password: 123456 } }
limits:
  passcodeDigits: 6
  passcodeLifeTimeSeconds: 3
  sessionSeconds: 90000
logLevel: inof
trustedProxies: [0.0.0.0/0, 1.2.3]
secrets: { pepper: { file: ./none } }
`;
    const lines = await faults(text);
    assert.deepEqual(lines.slice(0, -1), [
      'guestpass.yaml:1:1  publicUrl  required key missing; add "publicUrl"',
      'guestpass.yaml:1:1  publicURL  unknown key "publicURL"; did you mean "publicUrl"?',
      'guestpass.yaml:2:9  listen  expected text, found a number; put it in quotes: "3000"',
      'guestpass.yaml:3:11  database  a mysql address without user or database name; write sqlite:FILE or mysql://USER@HOST:3306/NAME',
      'guestpass.yaml:4:36  mail.from  not an e-mail address',
      'guestpass.yaml:4:69  mail.auth.password  expected text, found a number; put it in quotes',
      'guestpass.yaml:6:19  limits.passcodeDigits  6 is out of bounds; write 8 to 12',
      'guestpass.yaml:7:3  limits.passcodeLifeTimeSeconds  unknown key "passcodeLifeTimeSeconds"; did you mean "passcodeLifetimeSeconds"?',
      'guestpass.yaml:8:19  limits.sessionSeconds  90000 is out of bounds; write 900 to 86400',
      'guestpass.yaml:9:11  logLevel  unknown value "inof"; did you mean "info"?',
      'guestpass.yaml:10:18  trustedProxies[0]  believes everybody; name the proxies alone',
      'guestpass.yaml:10:29  trustedProxies[1]  not an address or range; write it like 10.0.0.1 or 10.0.0.0/8',
    ]);
    assert.match(
      lines.at(-1)!,
      /^guestpass.yaml:11:20  secrets.pepper  the file ".*none" does not exist/,
    );
  });

  it('S57 T87 repeats no line that could be no key: a link may have led to a file of somebody else', async () => {
    const lines = await faults(`${soundSettings}"root:$y$j9T$hash:20228:0:99999:7::": x\n`);
    assert.match(lines.join('\n'), /unknown key, and none that could be one/);
    assert.doesNotMatch(lines.join('\n'), /hash/);
  });

  it('says that the file is missing', async () => {
    assert.deepEqual(await faultsOf(loadSettings(await writeFolder({}), {})), [
      'guestpass.yaml  no such file; create it, or name another folder with --config',
    ]);
  });

  it('refuses a list, text or nothing in place of settings', async () => {
    for (const text of ['- a\n', 'hello\n', '1\n']) {
      assert.match((await faults(text))[0]!, /^guestpass.yaml:1:1  expected keys with values/);
    }
  });

  it('refuses http away from this machine', async () => {
    assert.deepEqual(await faults(publicSettings.replace('https:', 'http:')), [
      'guestpass.yaml:1:12  publicUrl  http is accepted on this machine alone (127.0.0.1, ::1, localhost); write https://guest.example',
    ]);
  });

  it('calls https on this machine not plain loopback', async () => {
    const { settings } = await load(soundSettings.replace('http:', 'https:'));
    assert.equal(settings.loopback, false);
  });

  describe('limits', () => {
    for (const [name, { min, max }] of Object.entries(limitTable)) {
      it(`S57 holds ${name} between ${min} and ${max}`, async () => {
        for (const value of [min, max]) {
          const { settings } = await load(`${soundSettings}limits: { ${name}: ${value} }\n`);
          assert.equal(new Map(Object.entries(settings.limits)).get(name), value);
        }
        for (const value of [min - 1, max + 1, 1.5, -1, '"5"']) {
          assert.equal((await faults(`${soundSettings}limits: { ${name}: ${value} }\n`)).length, 1);
        }
      });
    }

    it('lets bounds be passed with unsafeLimits on this machine alone', async () => {
      const lines = 'limits: { passcodeLifetimeSeconds: 2 }\nunsafeLimits: true\n';
      const { settings } = await load(soundSettings + lines);
      assert.equal(settings.limits.passcodeLifetimeSeconds, 2);
      assert.deepEqual(await faults(publicSettings + lines), [
        'guestpass.yaml:5:15  unsafeLimits  unsafe limits, while publicUrl is not on this machine; delete the line',
      ]);
    });
  });

  describe('mail', () => {
    const from = 'from: a@b.example';

    it('S21 demands STARTTLS of a server that is elsewhere', async () => {
      const { settings } = await load(mail(`{ transport: smtp://mail.example, ${from} }`));
      assert.deepEqual(settings.mail.transport, {
        kind: 'smtp',
        host: 'mail.example',
        port: 587,
        implicitTls: false,
        requireTls: true,
      });
    });

    it('reads smtps as TLS from the first byte', async () => {
      const { settings } = await load(mail(`{ transport: smtps://mail.example, ${from} }`));
      const { transport } = settings.mail;
      assert(transport.kind === 'smtp');
      assert.deepEqual([transport.port, transport.implicitTls], [465, true]);
    });

    it('takes the sign-in from a reference, or from the address on this machine', async () => {
      const parted = `{ transport: smtp://mail.example, ${from}, auth: { user: me, password: { env: P } } }`;
      const inUrl = `{ transport: "smtp://me:p%40ss@mail.example", ${from} }`;
      for (const line of [parted, inUrl]) {
        const { settings } = await load(mail(line), { P: 'p@ss\n' });
        const { transport } = settings.mail;
        assert(transport.kind === 'smtp');
        assert.deepEqual([transport.user, transport.password], ['me', 'p@ss']);
      }
    });

    it('S58 refuses a password in the file of a public server, and never repeats it', async () => {
      const refused = [
        `{ transport: "smtp://me:hunter2@mail.example", ${from} }`,
        `{ transport: smtp://mail.example, ${from}, auth: { user: me, password: hunter2 } }`,
      ];
      for (const line of refused) {
        const [fault, ...others] = await faults(mail(line, publicSettings));
        assert.match(fault!, /a secret in the file itself/);
        assert(!fault!.includes('hunter2'));
        assert.deepEqual(others, []);
      }
    });

    it('takes where reports go, the key that signs and the key of who may report', async () => {
      const line = `{ transport: smtp://mail.example, ${from}, returnPath: Bounces@B.example, dkim: { domain: B.example, selector: s1, key: { env: D } }, reportKey: { env: R } }`;
      const pem = rsaKey(2048);
      const { settings } = await load(mail(line), { D: pem, R: keyEnv.PEPPER });
      const { returnPath, dkim, reportKey } = settings.mail;
      assert.equal(returnPath, 'Bounces@b.example');
      assert.deepEqual(dkim, { domain: 'b.example', selector: 's1', privateKey: pem });
      assert.equal(reportKey?.toString('base64'), keyEnv.PEPPER);
    });

    it('S58 says what is wrong with the key that signs, at its place and without the key', async () => {
      const dkim = (domain: string, selector = 's1') =>
        mail(
          `{ transport: smtp://mail.example, ${from}, dkim: { domain: ${domain}, selector: ${selector}, key: { env: D } } }`,
        );
      const none = 'make one with: openssl genrsa -out dkim.pem 2048';
      const at = 'guestpass.yaml:3:106  mail.dkim.key';
      for (const [key, says] of [
        ['a-key-that-is-none', 'not a private key in PEM without a passphrase'],
        [rsaKey(1024), 'an RSA key of 1024 bits, 2048 are needed'],
        [edwardsKey(), 'not an RSA key'],
      ] as const) {
        assert.deepEqual(await faults(dkim('b.example'), { D: key }), [`${at}  ${says}; ${none}`]);
      }
      const other = await faults(dkim('c.example'), { D: rsaKey(2048) });
      assert.deepEqual(other, [
        'guestpass.yaml:3:76  mail.dkim.domain  signs for c.example, and mail.from is of b.example: receivers would not count it; write b.example',
      ]);
      const shapes = await faults(dkim('nope', '"s 1"'), { D: rsaKey(2048) });
      assert.deepEqual(shapes, [
        'guestpass.yaml:3:76  mail.dkim.domain  not a domain; write it like mail.example',
        'guestpass.yaml:3:92  mail.dkim.selector  not a selector; write letters, digits and dashes',
      ]);
      const short = `{ transport: smtp://mail.example, ${from}, reportKey: { env: R } }`;
      const [fault = ''] = await faults(mail(short), { R: 'q83vEjQ=' });
      assert.match(fault, /mail\.reportKey  a secret of 5 bytes, 32 are needed/);
    });

    it('refuses the mailbox in production and away from this machine', async () => {
      const line = `{ transport: mailbox, ${from} }`;
      const { settings } = await load(mail(line), { NODE_ENV: 'test' });
      assert.deepEqual(settings.mail.transport, { kind: 'mailbox' });
      assert.match(
        (await faults(mail(line), { NODE_ENV: 'production' }))[0]!,
        /shows every passcode/,
      );
      assert.match(
        (await faults(mail(line, publicSettings)))[0]!,
        /:3:20  mail.transport  mailbox/,
      );
    });

    for (const transport of [
      'http://mail.example',
      'smtp:',
      'smtp://',
      'smtp://h/x',
      'smtp://h?x',
      'Mailbox',
      'smtp://me@h',
      'smtp://me:%zz@h',
      'smtp://h:99999',
    ]) {
      it(`refuses ${transport}`, async () => {
        assert.match(
          (await faults(mail(`{ transport: "${transport}", ${from} }`)))[0]!,
          /  mail.transport  /,
        );
      });
    }
  });

  describe('database', () => {
    it('takes a mysql address whole or in parts', async () => {
      for (const [line, env] of [
        ['mysql://me:p%40ss@db.example:3306/guestpass', {}],
        ['{ url: "mysql://me@db.example:3306/guestpass", password: { env: P } }', { P: 'p@ss' }],
        ['{ env: U }', { U: 'mysql://me:p%40ss@db.example:3306/guestpass' }],
      ] as const) {
        const { settings } = await load(database(line), { ...keyEnv, ...env });
        assert.deepEqual(settings.database, {
          kind: 'mysql',
          url: 'mysql://me:p%40ss@db.example:3306/guestpass',
        });
      }
    });

    it('F15 takes the nodes of a cluster, the password apart', async () => {
      const { settings } = await load(
        database('{ url: "mysql://me@one:3306,two,[::1]:3307/guestpass", password: { env: P } }'),
        { ...keyEnv, P: 'p@ss' },
      );
      assert.deepEqual(settings.database, {
        kind: 'mysql',
        url: 'mysql://me:p%40ss@one:3306,two,[::1]:3307/guestpass',
      });
      const [fault] = await faults(database('"mysql://me@one,two:x/guestpass"'), keyEnv);
      assert.match(fault!, /not the address of a database/);
    });

    it('carries any password through the address unharmed', async () => {
      const password = 'a%40:b/c@d?e#f é';
      const { settings } = await load(
        database('{ url: "mysql://me@db/guestpass", password: { env: P } }'),
        { ...keyEnv, P: password },
      );
      assert(settings.database.kind === 'mysql');
      assert.equal(decodeURIComponent(new URL(settings.database.url).password), password);
    });

    it('S58 refuses a password in the file of a public server, but not from the environment', async () => {
      const url = 'mysql://me:hunter2@db.example/guestpass';
      const [fault] = await faults(database(url, publicSettings), keyEnv);
      assert.match(fault!, /^guestpass.yaml:2:11  database  a secret in the file itself/);
      assert(!fault!.includes('hunter2'));
      await load(database('{ env: U }', publicSettings), { ...keyEnv, U: url });
    });

    it('S58 takes secrets that the file does not name from the environment', async () => {
      const env = {
        GUESTPASS_PEPPER: keyEnv.PEPPER,
        GUESTPASS_SEALING_KEY: keyEnv.SEALING,
        GUESTPASS_COOKIE_KEY: keyEnv.COOKIE,
      };
      const text = publicSettings.replace(/^database:.*$/m, 'database: mysql://me@db/guestpass');
      const { settings, notices } = await load(text, env);
      assert.equal(settings.secrets.sealingKey.toString('base64'), keyEnv.SEALING);
      assert.deepEqual(notices, []);
      const [fault] = await faults(text, { ...env, GUESTPASS_PEPPER: 'short' });
      assert.match(fault!, /secrets\.pepper/);
    });

    it('makes the secrets of a mysql installation on loopback beside its folder, once', async () => {
      const text = soundSettings.replace(/^database:.*$/m, 'database: mysql://me@db/guestpass');
      const folder = await writeFolder({ 'guestpass.yaml': text });
      const first = await loadSettings(folder, {});
      assert.equal(first.notices.length, 3);
      assert.match(first.notices[0]!, /\/data\/pepper\. Keep it with your backups\.$/);
      const second = await loadSettings(folder, {});
      assert.deepEqual(second.settings.secrets, first.settings.secrets);
      assert.deepEqual(second.notices, []);
    });

    it('S3 asks for every secret a mysql installation needs that others can reach', async () => {
      const text = publicSettings.replace(/^database:.*$/m, 'database: mysql://me@db/guestpass');
      const lines = await faults(text);
      assert.deepEqual(
        lines.map((line) => line.split('  ')[1]),
        ['secrets.pepper', 'secrets.sealingKey', 'secrets.cookieKeys'],
      );
      for (const line of lines) assert.match(line, /make one with: openssl rand -base64 32$/);
    });

    for (const line of [
      '"sqlite:"',
      '"sqlite::memory:"',
      'postgres://a@b/c',
      'mysql://db/x',
      'mysql://me@db',
      'mysql://me@db/a/b',
      '{ url: "mysql://a:b@c/d", password: e }',
    ]) {
      it(`refuses ${line}`, async () => {
        assert.match((await faults(database(line), keyEnv))[0]!, /  database/);
      });
    }
  });

  describe('listen and trustedProxies', () => {
    it('takes hosts, IPv6 in brackets and a port the system chooses', async () => {
      for (const [text, host, port] of [
        ['0.0.0.0:8080', '0.0.0.0', 8080],
        ['"[::]:3000"', '::', 3000],
        ['localhost:0', 'localhost', 0],
      ] as const) {
        const { settings } = await load(`${soundSettings}listen: ${text}\n`);
        assert.deepEqual(settings.listen, { host, port });
      }
      for (const text of ['localhost', ':3000', 'a:99999', '"[x]:1"', '"::1:3000"']) {
        assert.match(
          (await faults(`${soundSettings}listen: ${text}\n`))[0]!,
          /not a host and port/,
        );
      }
    });

    it('has no private listener unless one is named, at an address of its own', async () => {
      assert.equal((await load(soundSettings)).settings.adminListen, undefined);
      const { settings } = await load(`${soundSettings}adminListen: 127.0.0.1:3001\n`);
      assert.deepEqual(settings.adminListen, { host: '127.0.0.1', port: 3001 });
      assert.deepEqual(await faults(`${soundSettings}adminListen: 127.0.0.1:3000\n`), [
        'guestpass.yaml:4:14  adminListen  the address of listen; give it a port of its own',
      ]);
      assert.match(
        (await faults(`${soundSettings}adminListen: everywhere\n`))[0]!,
        /adminListen {2}not a host and port/,
      );
      const both = 'listen: 127.0.0.1:0\nadminListen: 127.0.0.1:0\n';
      assert.equal((await load(soundSettings + both)).settings.adminListen?.port, 0);
    });

    it('S60 takes proxies one by one or as ranges, never everybody', async () => {
      const { settings } = await load(
        `${soundSettings}trustedProxies: [10.0.0.1, 10.0.0.0/8, "fd00::/8"]\n`,
      );
      assert.deepEqual(settings.trustedProxies, ['10.0.0.1', '10.0.0.0/8', 'fd00::/8']);
      for (const proxy of ['0.0.0.0/0', '::/0', '10.0.0.0/33', 'proxy.example', '10.0.0']) {
        assert.equal((await faults(`${soundSettings}trustedProxies: ["${proxy}"]\n`)).length, 1);
      }
    });
  });

  describe('secrets', () => {
    it('S3 makes its secrets on the first start, for the owner alone, and says so', async () => {
      const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
      const first = await loadSettings(folder, {});
      const data = join(folder, '../data');
      assert.deepEqual((await readdir(data)).toSorted(), ['cookie-key', 'pepper', 'sealing-key']);
      for (const name of await readdir(data)) {
        assert.equal((await stat(join(data, name))).mode & 0o777, 0o600);
        assert(first.notices.some((notice) => notice.includes(join(data, name))));
      }
      const again = await loadSettings(folder, {});
      assert.deepEqual(again.settings.secrets, first.settings.secrets);
      assert.deepEqual(again.notices, []);
      assert.equal(
        new Set(
          [
            ...first.settings.secrets.peppers,
            first.settings.secrets.sealingKey,
            ...first.settings.secrets.cookieKeys,
          ].map(String),
        ).size,
        3,
      );
    });

    it('S3 agrees on one set when many start at once', async () => {
      const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
      const all = await Promise.all(Array.from({ length: 12 }, () => loadSettings(folder, {})));
      assert.equal(
        new Set(all.map(({ settings }) => settings.secrets.sealingKey.toString('hex'))).size,
        1,
      );
      assert.equal(all.flatMap(({ notices }) => notices).length, 3);
      assert.equal((await readdir(join(folder, '../data'))).length, 3);
    });

    it('makes no secret while anything is wrong', async () => {
      const folder = await writeFolder({ 'guestpass.yaml': `${soundSettings}nonsense: 1\n` });
      await faultsOf(loadSettings(folder, {}));
      await assert.rejects(access(join(folder, '../data')));
    });

    it('never replaces the sealing key of a database that is there', async () => {
      const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
      await loadSettings(folder, {});
      await writeFile(join(folder, '../data/guestpass.db'), 'SQLite format 3');
      await rm(join(folder, '../data/sealing-key'));
      assert.match((await faultsOf(loadSettings(folder, {})))[0]!, /restore it from the backup/);
    });

    it('says when the folder of the database cannot be had', async () => {
      const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
      await writeFile(join(folder, '../data'), 'a file');
      assert.match(
        (await faultsOf(loadSettings(folder, {})))[0]!,
        /cannot be kept in .* \(EEXIST\)/,
      );
    });

    it('S3 refuses a key file that is short or a sample', async () => {
      for (const text of ['c2hvcnQ=\n', Buffer.alloc(32).toString('base64'), '']) {
        const folder = await writeFolder({ 'guestpass.yaml': soundSettings });
        await mkdir(join(folder, '../data'));
        await writeFile(join(folder, '../data/pepper'), text, { mode: 0o600 });
        assert.match((await faultsOf(loadSettings(folder, {})))[0]!, /restore it from the backup/);
      }
    });

    it('decodes hexadecimal, base64, base64url and raw bytes', async () => {
      const bytes = randomBytes(33);
      bytes[0] = 0xff;
      const forms = [
        bytes.toString('hex'),
        `${bytes.toString('base64')}\n`,
        bytes.toString('base64url'),
        bytes,
      ];
      for (const form of forms) {
        const folder = await writeFolder({
          'guestpass.yaml': `${soundSettings}secrets: { pepper: { file: key } }\n`,
          key: form,
        });
        const { settings } = await loadSettings(folder, {});
        assert.deepEqual(settings.secrets.peppers, [bytes]);
      }
    });

    it('takes several peppers, the current one last', async () => {
      const text = `${soundSettings}secrets: { peppers: [{ env: A }, { env: B }] }\n`;
      const [a, b] = [key(), key()];
      const { settings } = await load(text, { A: a, B: b });
      assert.deepEqual(
        settings.secrets.peppers.map((pepper) => pepper.toString('base64')),
        [a, b],
      );
      assert.match(
        (
          await faults(text.replace('peppers:', 'pepper: { env: A }, peppers:'), { A: a, B: b })
        )[0]!,
        /both pepper and peppers/,
      );
    });

    for (const [title, value] of [
      ['31 bytes', randomBytes(31).toString('base64')],
      ['32 hexadecimal digits', randomBytes(16).toString('hex')],
      ['zeros', '0'.repeat(64)],
      ['counting up', '000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f'],
      ['0123456789abcdef', '0123456789abcdef'.repeat(4)],
      ['a word', 'please-change-me-to-something-long-enough!!'],
      [
        'a word behind base64',
        Buffer.from('this is my very secret password for you').toString('base64'),
      ],
    ] as const) {
      it(`S3 refuses a key of ${title} and never repeats it`, async () => {
        const lines = await faults(`${soundSettings}secrets: { pepper: { env: P } }\n`, {
          P: value,
        });
        assert.equal(lines.length, 1);
        assert.match(lines[0]!, /make one with: openssl rand -base64 32/);
        assert(!lines[0]!.includes(value));
      });
    }

    it('refuses one value for two secrets', async () => {
      const lines = await faults(soundSettings + keyRefs, { ...keyEnv, COOKIE: keyEnv.PEPPER });
      assert.match(lines[0]!, /one value for two secrets/);
    });

    it('S58 names a variable that is not set or empty', async () => {
      const text = `${soundSettings}secrets: { pepper: { env: PEPPER } }\n`;
      assert.deepEqual(await faults(text), [
        'guestpass.yaml:4:20  secrets.pepper  environment variable PEPPER is not set; set it before starting the server',
      ]);
      assert.match((await faults(text, { PEPPER: '' }))[0]!, /is empty/);
    });

    it('S58 refuses a secret others may read on a public server, tells of it on this machine', async () => {
      const [fault] = await faultsOf(
        loadSettings(await writeFolder(withPepperFile(publicSettings, 0o644)), {}),
      );
      assert.match(
        fault!,
        /^guestpass.yaml:4:20  secrets.pepper  the file ".*" has mode 0644.*chmod 600/,
      );
      const { notices } = await loadSettings(
        await writeFolder(withPepperFile(soundSettings, 0o644)),
        {},
      );
      assert(notices.some((notice) => notice.includes('mode 0644')));
      for (const mode of [0o600, 0o640, 0o440, 0o400]) {
        await loadSettings(await writeFolder(withPepperFile(publicSettings, mode)), {});
      }
    });

    it('S58 refuses a literal secret on a public server', async () => {
      const line = `secrets: { pepper: "${keyEnv.PEPPER}" }\n`;
      const [fault] = await faults(publicSettings + line);
      assert.match(fault!, /a secret in the file itself/);
      assert(!fault!.includes(keyEnv.PEPPER));
      const { settings } = await load(soundSettings + line);
      assert.equal(settings.secrets.peppers[0]!.toString('base64'), keyEnv.PEPPER);
    });

    it('reads the file names of key files as documented', async () => {
      const docs = await readFile(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
      for (const name of ['pepper', 'sealing-key', 'cookie-key'])
        assert(docs.includes(`\`${name}\``));
    });
  });
});
