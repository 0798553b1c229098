// Owns a tenant's passcode setting and the places that know guests, through the admin API.

import { stringify } from 'yaml';
import { z } from 'zod';
import type { Ask } from './ask.ts';
import { answer, failed, misused, type Output } from './output.ts';
import { createRemoteApi, nothing, type RemoteApi } from './remote-api.ts';
import { readRemotePlace } from './remote-place.ts';
import type { PlaceOptions } from './tenant-admin.ts';
import { confirm } from './tenant-change.ts';
import type { SetOptions } from './tenant-set.ts';

type Remote<Options> = Options & { readonly url: string };

const KEY = 'emailOneTimePasscode';
const policy = {
  scopes: ['policy.manage'],
  path: '/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/email',
} as const;

const setting = z.enum(['default', 'enabled', 'disabled']);
const emailPolicy = z.object({ allowExternalIdToUseEmailOtp: setting });
const provider = z.object({
  id: z.string(),
  method: z.string(),
  displayName: z.string(),
  domains: z.array(z.string()).nullable(),
  protocol: z.string(),
  issuer: z.string(),
});

/** Says what the API tells of a tenant: the passcode setting, and its places. @returns the exit code */
export async function showRemoteTenant(
  options: Remote<PlaceOptions>,
  output: Output,
): Promise<number> {
  const place = readRemotePlace(options);
  if (typeof place === 'string') return misused(output, place);
  const api = createRemoteApi(place);
  const request = { scopes: policy.scopes, path: '/identity/identityProviders' };
  const { value: connections } = await api.get(request, z.object({ value: z.array(provider) }));
  const shown = { id: api.tenant, [KEY]: await settingOf(api), connections };
  return answer(output, shown, stringify(shown).trimEnd());
}

/**
 * Sets the passcode setting. Who would be kept out is told by the server, which changes nothing
 * before somebody has said yes.
 *
 * @returns the exit code: 1 when nothing was changed
 * @source rules R31, R36, R41
 */
export async function setRemoteTenant(
  key: string,
  text: string,
  options: Remote<SetOptions>,
  output: Output,
  ask: Ask,
): Promise<number> {
  if (key !== KEY) {
    return misused(output, `${key} needs the files; with --url only ${KEY} can be set`);
  }
  if (options.dryRun) {
    return misused(output, '--dry-run needs the files; without it --url asks before a lockout');
  }
  if (options.actor !== undefined) {
    return misused(output, '--actor does not go with --url: the server names the application');
  }
  const wanted = setting.safeParse(text.trim() === 'null' ? 'default' : text.trim());
  if (!wanted.success) return misused(output, `${KEY} is default, enabled or disabled`);
  const place = readRemotePlace(options);
  if (typeof place === 'string') return misused(output, place);
  const api = createRemoteApi(place);
  const { tenant } = api;
  if ((await settingOf(api)) === wanted.data) {
    const value = { tenant, key, outcome: 'unchanged', lockouts: [] };
    return answer(output, value, `${tenant}  ${key}  is so already`);
  }
  const change = {
    ...policy,
    method: 'PATCH',
    body: { allowExternalIdToUseEmailOtp: wanted.data },
  } as const;
  let did = await api.ask(change, nothing);
  const lockouts = 'problem' in did ? did.problem.lockOuts : [];
  if ('problem' in did && did.problem.code === 'locks_out_guests') {
    for (const { message } of lockouts) output.warn(message);
    const question = `Set ${key} of ${tenant} all the same?`;
    const refused = await confirm(question, options.yes, output, ask);
    if (refused !== undefined) return refused;
    did = await api.ask({ ...change, query: { lockOut: 'accept' } }, nothing);
  }
  if ('problem' in did) return failed(output, did.problem.message, did.problem.code);
  const value = { tenant, key, outcome: 'set', lockouts };
  return answer(output, value, `${tenant}  ${key}  set`);
}

async function settingOf(api: RemoteApi): Promise<z.infer<typeof setting>> {
  return (await api.get(policy, emailPolicy)).allowExternalIdToUseEmailOtp;
}
