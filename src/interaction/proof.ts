// Owns what a sign-in was proven by.

import type { Door } from '../domain/redemption.ts';
import type { GuestBinding, SignIn } from '../storage/store.ts';

/** What a place proved of a guest; kept as JSON with the sign-in. */
export interface Proof extends GuestBinding {
  readonly displayName: string | null;
}

const BY_PASSCODE: Proof = {
  method: 'emailOneTimePasscode',
  connection: null,
  identity: null,
  idp: 'mail',
  displayName: null,
};

/** By what a proven sign-in was proven. */
export function proofOf({ proof }: Pick<SignIn, 'proof'>): Proof {
  return proof === null ? BY_PASSCODE : (JSON.parse(proof) as Proof);
}

/** Whether somebody came through a door. */
export function isSameDoor(door: Door, { method, connection }: Proof): boolean {
  return door.method === method && door.connection === connection;
}
