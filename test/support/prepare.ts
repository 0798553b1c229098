// Makes a bare machine able to run the suite: installs what is missing of MariaDB with Galera,
// Chromium, faketime and what the examples run on, and says at once where the tests cannot run at all.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium } from './chromium.ts';
import { findFaketime } from './faketime.ts';

const isRoot = process.getuid?.() === 0;
const missing: readonly string[] = [
  // Brings galera-4, which its state transfers need rsync for.
  ...(!existsSync('/usr/sbin/mariadbd') ? ['mariadb-server'] : []),
  ...(!existsSync('/usr/lib/galera/libgalera_smm.so') ? ['galera-4'] : []),
  ...(!existsSync('/usr/bin/rsync') ? ['rsync'] : []),
  ...(findChromium() === undefined ? ['chromium'] : []),
  ...(findFaketime() === undefined ? ['faketime'] : []),
  // What examples/ run on. The binaries of Apache alone: nothing of it starts by itself.
  ...(!existsSync('/usr/sbin/apache2') ? ['apache2-bin'] : []),
  ...(!existsSync('/usr/lib/apache2/modules/mod_auth_openidc.so')
    ? ['libapache2-mod-auth-openidc']
    : []),
  ...['flask', 'authlib', 'requests']
    .filter((name) => !existsSync(`/usr/lib/python3/dist-packages/${name}`))
    .map((name) => `python3-${name}`),
];

if (!isRoot) {
  process.stderr.write(
    'The whole suite must run as root: the tests of a full disk (test/faults/disk.test.ts) mount a\n' +
      'small one. Without them: node_modules/.bin/mocha with the files you want.\n',
  );
  process.exit(1);
}
if (missing.length > 0) install(missing);

function install(packages: readonly string[]): void {
  const names = packages.join(', ');
  if (!existsSync('/usr/bin/apt-get')) {
    process.stderr.write(`The tests need ${names}. Install them, or run on Debian.\n`);
    process.exit(1);
  }
  process.stdout.write(`Installing ${names} for the tests …\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...words: readonly string[]): unknown =>
    execFileSync('apt-get', ['-q', '-o', 'Acquire::Retries=3', ...words], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}
