// Owns several processes at work on one database.

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { DatabaseSettings } from '../../src/settings/settings.ts';

const SCRIPT = `
  const { openStore } = await import(process.env.STORE);
  const store = await openStore(JSON.parse(process.env.SETTINGS));
  const key = { scope: 'processes', subject: 's', windowSeconds: 86400 };
  const counts = await Promise.all(Array.from({ length: Number(process.env.USES) },
    async () => (await store.budgets.spend([key], 1))[0]));
  await store.close();
  console.log(JSON.stringify(counts));
`;

/**
 * Starts `processes` at once; each opens the store, which may be empty, and spends one budget
 * `uses` times.
 *
 * @returns all counts they got, rising
 */
export async function spendInProcesses(
  settings: DatabaseSettings,
  processes: number,
  uses: number,
): Promise<readonly number[]> {
  const env = {
    ...process.env,
    STORE: new URL('../../src/storage/open-store.ts', import.meta.url).href,
    SETTINGS: JSON.stringify(settings),
    USES: String(uses),
  };
  const outputs = await Promise.all(
    Array.from({ length: processes }, () =>
      promisify(execFile)(process.execPath, ['--input-type=module', '--eval', SCRIPT], { env }),
    ),
  );
  const counts = outputs.flatMap(({ stdout }): number[] => JSON.parse(stdout));
  return counts.toSorted((a, b) => a - b);
}
