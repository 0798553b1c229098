// Owns `npm run bench`: starts everything, measures, prints, keeps, and ends with 1 when a sign-in
// failed. `--quick` takes under a minute and keeps nothing; `--profile DIR` leaves a CPU profile of
// every server there. `--tenants N` reads the files of N tenants instead, `--pages` draws every page,
// `--statements` lists what one sign-in asks of the database.

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { guestAddresses } from './configuration.ts';
import { countSignIn } from './counted-sign-in.ts';
import { type Measurement, measure, type Plan } from './measure.ts';
import { formatPages, measurePages } from './pages.ts';
import { startRelay } from './relay.ts';
import { createReport, formatReport } from './report.ts';
import { formatStatements } from './statements.ts';
import { formatTenants, measureTenants } from './tenants.ts';
import { stores } from '../support/world.ts';
import { startVariant, type Variant, type VariantName } from './variants.ts';

const RESULTS = new URL('../../bench/results.json', import.meta.url);
const GUESTS = 200;
const NAMES: readonly VariantName[] = ['bare', 'sqlite', 'mariadb'];
const SHOWN_FAILURES = 5;

const FULL: Plan = {
  // Many short rounds: what else the machine does then falls on every variant alike.
  rounds: 12,
  warmUp: { connections: 16, count: 1000, limitMs: 20_000 },
  alone: { connections: 1, count: 40, limitMs: 2_000 },
  together: { connections: 16, count: 200, limitMs: 4_000 },
};
const QUICK: Plan = {
  rounds: 4,
  warmUp: { connections: 16, count: 300, limitMs: 5_000 },
  alone: { connections: 1, count: 20, limitMs: 1_000 },
  together: { connections: 16, count: 100, limitMs: 2_000 },
};

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    profile: { type: 'string' },
    tenants: { type: 'string' },
    pages: { type: 'boolean', default: false },
    statements: { type: 'boolean', default: false },
  },
});
if (values.pages) {
  process.stdout.write(`${formatPages(await measurePages('fabrikam', 'en'))}\n`);
  process.exit();
}
if (values.statements) {
  for (const store of stores) {
    process.stdout.write(`${formatStatements(store, await countSignIn(store))}\n\n`);
  }
  process.exit();
}
if (values.tenants !== undefined) {
  process.stdout.write(`${formatTenants(await measureTenants(Number(values.tenants)))}\n`);
  process.exit();
}
const measured = await run(values.quick ? QUICK : FULL, values.profile);
// A warm-up that failed leaves nothing to report.
if (measured.bursts.length > 0) {
  const report = createReport(measured, new Date().toISOString());
  process.stdout.write(`${formatReport(report)}\n`);
  // A short run and a profiler measure something else.
  if (!values.quick && values.profile === undefined) {
    await mkdir(new URL('.', RESULTS), { recursive: true });
    await writeFile(RESULTS, `${JSON.stringify(report, null, 2)}\n`);
  }
}
if (measured.failures.length > 0) {
  process.stderr.write(`${measured.failures.length} sign-ins failed:\n`);
  for (const failure of measured.failures.slice(0, SHOWN_FAILURES)) {
    process.stderr.write(`${failure}\n`);
  }
  process.exitCode = 1;
}

async function run(plan: Plan, profile: string | undefined): Promise<Measurement> {
  const folder = await mkdtemp(join(tmpdir(), 'guestpass-bench-'));
  const relay = await startRelay();
  const addresses = guestAddresses(GUESTS);
  const variants: Variant[] = [];
  try {
    for (const name of NAMES) {
      const nodeOptions =
        profile === undefined
          ? []
          : [
              '--cpu-prof',
              `--cpu-prof-dir=${resolve(profile)}`,
              `--cpu-prof-name=${name}.cpuprofile`,
            ];
      const options = { folder, relayPort: relay.port, addresses, nodeOptions };
      variants.push(await startVariant(name, options));
    }
    return await measure(plan, variants, addresses, (address) => relay.codeFor(address));
  } finally {
    for (const variant of variants) await variant.stop();
    relay.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
