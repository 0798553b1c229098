// Owns `dist/sbom.cdx.json`: what the package is made of, for those who look for known holes.
//
// npm lists everything and the lock decides: `npm sbom --omit dev` also leaves out what production
// needs where a development package needs it too.

import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';

/** As much of a CycloneDX bill as is looked at. */
export interface BillOfMaterials {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly purl: string } };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly hashes: readonly unknown[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

interface Locked {
  /** Where it is another one than the folder's: an alias. */
  readonly name?: string;
  readonly version: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
}

const ROOT = new URL('../../', import.meta.url);

/** What the lock installs where development and optional packages are left out: `koa@3.3.0`. */
export function lockedForProduction(): ReadonlySet<string> {
  const { packages } = JSON.parse(readFileSync(new URL('package-lock.json', ROOT), 'utf8')) as {
    readonly packages: Readonly<Record<string, Locked>>;
  };
  const needed = Object.entries(packages).filter(
    ([path, { dev, devOptional, optional }]) => path !== '' && !dev && !devOptional && !optional,
  );
  return new Set(
    needed.map(([path, { name, version }]) => {
      return `${name ?? path.replace(/^.*node_modules\//, '')}@${version}`;
    }),
  );
}

if (import.meta.main) {
  const asked = ['sbom', '--sbom-format', 'cyclonedx', '--sbom-type', 'application'];
  const text = execFileSync('npm', [...asked, '--package-lock-only'], {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const bill = JSON.parse(text) as BillOfMaterials;
  const needed = lockedForProduction();
  const { component } = bill.metadata;
  const listed = new Set(bill.components.map((one) => one['bom-ref']));
  // The package itself is no component of its own.
  const isNeeded = (ref: string) => needed.has(ref) || !listed.has(ref);
  const written = {
    ...bill,
    // npm takes the name of the folder.
    metadata: { ...bill.metadata, component: { ...component, name: 'guestpass' } },
    components: bill.components.filter((one) => needed.has(one['bom-ref'])),
    dependencies: bill.dependencies
      .filter(({ ref }) => isNeeded(ref))
      .map(({ ref, dependsOn }) => ({ ref, dependsOn: dependsOn.filter(isNeeded) })),
  };
  mkdirSync(new URL('dist/', ROOT), { recursive: true });
  writeFileSync(new URL('dist/sbom.cdx.json', ROOT), `${JSON.stringify(written, null, 2)}\n`);
}
