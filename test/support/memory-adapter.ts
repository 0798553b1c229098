// Owns the memory of a stand-in OpenID Provider.

import type { Adapter, AdapterFactory, AdapterPayload } from 'oidc-provider';

/** What is kept, by model and id: `Client app`. Nothing in it ends before the test does. */
export type Records = Map<string, AdapterPayload>;

/** Creates the adapter that keeps everything in `records`. */
export function createMemoryAdapter(records: Records): AdapterFactory {
  return (model): Adapter => {
    const keyOf = (id: string): string => `${model} ${id}`;
    const search = (fits: (payload: AdapterPayload) => boolean): AdapterPayload | undefined =>
      [...records].find(([key, payload]) => key.startsWith(`${model} `) && fits(payload))?.[1];
    return {
      upsert: async (id, payload) => void records.set(keyOf(id), payload),
      find: async (id) => records.get(keyOf(id)),
      findByUid: async (uid) => search((payload) => payload.uid === uid),
      findByUserCode: async (code) => search((payload) => payload.userCode === code),
      consume: async (id) => {
        const found = records.get(keyOf(id));
        if (found) records.set(keyOf(id), { ...found, consumed: Math.floor(Date.now() / 1000) });
      },
      destroy: async (id) => void records.delete(keyOf(id)),
      revokeByGrantId: async (grantId) => {
        for (const [key, payload] of records) if (payload.grantId === grantId) records.delete(key);
      },
    };
  };
}
