import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly license?: string;
  readonly dev?: boolean;
  /** Wanted for development, and by somebody who could do without it. */
  readonly devOptional?: boolean;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');
const lock = JSON.parse(read('package-lock.json')) as {
  readonly lockfileVersion: number;
  readonly packages: Readonly<Record<string, Entry>>;
};
const manifest = JSON.parse(read('package.json')) as {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};
const { '': root, ...installed } = lock.packages;
const all = Object.entries(installed);
/** Everything that comes along where development and optional packages are left out. */
const production = all.filter(([, { dev, devOptional }]) => !dev && !devOptional);
const nameOf = (path: string) => path.slice(path.lastIndexOf('node_modules/') + 13);

/** The lowest versions without a hole that is known and would matter here (S66). */
const LOWEST: Readonly<Record<string, string>> = {
  koa: '3.1.2',
  nodemailer: '9.1.1',
  mysql2: '3.22.0',
  ejs: '3.1.10',
  'oidc-provider': '9.11.4',
  '@node-saml/node-saml': '5.1.0',
  'xml-crypto': '6.0.1',
};
const PERMISSIVE = new Set(
  'MIT MIT-0 ISC 0BSD BSD-2-Clause BSD-3-Clause Apache-2.0 BlueOak-1.0.0 CC0-1.0 Unlicense PSF-2.0'.split(
    ' ',
  ),
);

/** @returns whether a version is another one or newer; a version ahead of a release is none */
function isAtLeast(version: string, lowest: string): boolean {
  const [left, right] = [version, lowest].map((text) => {
    assert.match(text, /^\d+\.\d+\.\d+$/);
    return text.split('.').map(Number);
  });
  assert.ok(left && right);
  const at = left.findIndex((part, index) => part !== right[index]);
  return at < 0 || left[at]! > right[at]!;
}

describe('the packages this is made of', () => {
  it('S66 are locked: every one by its content', () => {
    assert.equal(lock.lockfileVersion, 3);
    assert.ok(production.length > 100 && production.length < all.length);
    const loose = all.filter(([, { integrity, link }]) => {
      return link === true || !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '');
    });
    assert.deepEqual(loose, []);
  });

  it('S66 come from the npm registry and from nowhere else', () => {
    // Without an address npm takes the registry's; none may lead elsewhere.
    const elsewhere = all.filter(
      ([, { resolved }]) =>
        resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'),
    );
    assert.deepEqual(elsewhere, []);
    for (const asked of [manifest.dependencies, manifest.devDependencies, root?.dependencies]) {
      for (const [name, range] of Object.entries(asked ?? {})) {
        assert.match(range, /^\^?\d+(?:\.\d+){0,2}$/, `${name} is asked for by version`);
      }
    }
  });

  it('S66 are those the manifest asks for', () => {
    assert.deepEqual(root?.dependencies, manifest.dependencies);
  });

  it('S66 run no script of their own when production is installed', () => {
    const scripts = production.filter(([, { hasInstallScript }]) => hasInstallScript);
    assert.deepEqual(
      scripts.map(([path]) => path),
      [],
    );
  });

  for (const [name, lowest] of Object.entries(LOWEST)) {
    it(`S66 hold ${name} of ${lowest} or newer, every copy of it`, () => {
      const copies = all.filter(([path]) => nameOf(path) === name);
      assert.ok(copies.length > 0);
      for (const [path, { version = '' }] of copies) {
        assert.ok(isAtLeast(version, lowest), `${path} is ${version}`);
      }
    });
  }

  it('S66 may be used, changed and sold by anybody', () => {
    const others = production
      .filter(([, { license }]) => !PERMISSIVE.has(license ?? ''))
      .map(([path, { license }]) => `${path}: ${license}`);
    assert.deepEqual(others, []);
  });
});

describe('the packages the examples are made of', () => {
  const root = fileURLToPath(new URL('..', import.meta.url));
  const locks = globSync('examples/*/package-lock.json', { cwd: root });

  it('S66 are locked, everywhere', () => {
    const manifests = globSync('examples/*/package.json', { cwd: root });
    assert.ok(manifests.length > 0);
    assert.equal(locks.length, manifests.length);
  });

  for (const file of locks) {
    const { '': asked, ...others } = (JSON.parse(read(file)) as typeof lock).packages;

    it(`S66 are those of the registry, by content and without a script: ${file}`, () => {
      const wanted = JSON.parse(read(file.replace('-lock', ''))) as typeof manifest;
      assert.deepEqual(asked?.dependencies, wanted.dependencies);
      assert.ok(Object.keys(others).length > 0);
      for (const [path, { integrity, resolved, hasInstallScript, license }] of Object.entries(
        others,
      )) {
        assert.match(integrity ?? '', /^sha512-[A-Za-z0-9+/]{86}==$/, path);
        assert.match(
          resolved ?? 'https://registry.npmjs.org/',
          /^https:\/\/registry\.npmjs\.org\//,
        );
        assert.notEqual(hasInstallScript, true, path);
        assert.ok(PERMISSIVE.has(license ?? ''), `${path}: ${license}`);
      }
    });
  }
});

describe('the container', () => {
  const lines = read('Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const final = lines.slice(lines.findLastIndex((line) => line.startsWith('FROM ')));
  const said = (word: string, where = final) =>
    where.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  it('S66 runs as a user without rights, and owns nothing but its data', () => {
    assert.equal(said('USER').at(-1), 'node');
    const after = final.slice(final.findIndex((line) => line.startsWith('USER ')));
    assert.ok(
      after.every((line) => !/^(?:RUN|COPY|ADD) /.test(line)),
      'nothing is made after it',
    );
    const owned = final.flatMap((line) => line.match(/chown \S+ \S+/g) ?? []);
    assert.deepEqual(owned, ['chown node:node /data']);
    assert.ok(said('COPY').every((line) => !line.includes('--chown')));
  });

  it('S66 installs what is locked, and fetches nothing else', () => {
    assert.ok(said('RUN', lines).some((line) => line.startsWith('npm ci ')));
    // Without --omit=optional a compiler or two stay: template engines say they could use them.
    assert.ok(said('RUN', lines).some((line) => line.includes('--omit=dev --omit=optional')));
    assert.deepEqual(said('ADD', lines), []);
    assert.ok(
      said('RUN', lines).every((line) => !/\b(?:curl|wget|npx|npm i(?:nstall)?)\b/.test(line)),
    );
    assert.ok(said('COPY', lines).every((line) => !line.includes('://')));
  });

  it('S66 writes to its volumes alone, so that its root may be read-only', () => {
    assert.deepEqual(
      said('VOLUME').map((text) => JSON.parse(text) as unknown),
      [['/config', '/data']],
    );
    assert.ok(said('ENV').includes('NODE_ENV=production'));
  });

  it('S66 starts the server itself, without a shell that would swallow SIGTERM', () => {
    const [command = ''] = said('CMD');
    assert.equal(command, '["node", "dist/cli/main.js", "serve", "--config", "/config"]');
    assert.deepEqual(said('ENTRYPOINT'), []);
  });

  it('S66 asks itself whether it can serve', () => {
    const [check = ''] = said('HEALTHCHECK');
    const command = '["node", "dist/cli/main.js", "healthcheck", "--config", "/config"]';
    assert.equal(check.slice(check.indexOf('CMD ') + 4), command);
    assert.match(check, /--start-period=\d+s/);
  });

  it('S66 names the port of the front door, and not the private one', () => {
    assert.deepEqual(said('EXPOSE'), ['3000']);
  });

  it('S66 is built from what it needs and from nothing else of the folder', () => {
    const [first, ...rest] = read('.dockerignore').trim().split('\n');
    assert.equal(first, '*');
    const sent = new Set(rest.map((line) => line.replace(/^!/, '')));
    assert.ok(rest.every((line) => line.startsWith('!')));
    const copied = said('COPY', lines)
      .filter((line) => !line.startsWith('--from'))
      .flatMap((line) => line.split(' ').slice(0, -1))
      .map((path) => path.replace(/^\.\//, ''));
    assert.deepEqual(sent, new Set(copied));
  });
});
