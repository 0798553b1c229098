// Owns telling which settings of a running server its file says otherwise by now.

import { isDeepStrictEqual } from 'node:util';
import type { ConfiguredSecrets } from './installation-secrets.ts';
import type { Settings } from './settings.ts';

/** Settings as a file says them, secrets as far as they are configured. */
export type FoundSettings = { readonly [Key in keyof Settings]?: unknown } & {
  readonly secrets: ConfiguredSecrets;
};

/**
 * Names the keys that differ, as guestpass.yaml writes them; never a value.
 *
 * @returns in the order of `found`
 */
export function findChangedKeys(
  running: Settings,
  { secrets, ...found }: FoundSettings,
): readonly string[] {
  const keys = Object.keys(found) as (keyof typeof found)[];
  const changed = keys.filter((key) => !isDeepStrictEqual(running[key], found[key]));
  const { peppers, sealingKey, cookieKeys } = running.secrets;
  const known = { pepper: peppers, sealingKey: [sealingKey], cookieKeys };
  const isOther = (['pepper', 'sealingKey', 'cookieKeys'] as const).some(
    (name) => secrets[name] !== undefined && !isDeepStrictEqual(secrets[name], known[name]),
  );
  return isOther ? [...changed, 'secrets'] : changed;
}
