// Makes a bare machine able to run the suite: installs MariaDB, Chromium and
// libfaketime where they are missing.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { findChromium } from './chromium.ts';
import { findFaketime } from './faketime.ts';

const missing: readonly string[] = [
  ...(!existsSync('/usr/sbin/mariadbd') ? ['mariadb-server'] : []),
  ...(findChromium() === undefined ? ['chromium'] : []),
  ...(findFaketime() === undefined ? ['faketime'] : []),
];

if (missing.length > 0) install(missing);

function install(packages: readonly string[]): void {
  if (!existsSync('/usr/bin/apt-get') || process.getuid?.() !== 0) {
    process.stderr.write(
      `The tests need ${packages.join(' and ')}. Install them, or run as root on Debian, where\n` +
        'the tests install them by themselves.\n',
    );
    process.exit(1);
  }
  process.stdout.write(`Installing ${packages.join(' and ')} for the tests …\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...words: readonly string[]): unknown =>
    execFileSync('apt-get', ['-q', '-o', 'Acquire::Retries=3', ...words], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...packages);
}
