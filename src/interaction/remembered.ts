// Owns what is remembered of a sign-in between two requests, for the browser it belongs to.

import { maskNetwork } from '../domain/network.ts';
import type { SignIn, SignInStore } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Problem } from './problem.ts';
import type { Proof } from './proof.ts';
import type { Visit } from './visit.ts';

/** What a page shows once. */
export interface ShownOnce {
  readonly problem?: Problem;
  readonly notice?: 'resent';
}

export interface Remembered {
  /** The sign-in of a visit; undefined before an address was given, and for another browser (S24). */
  find(visit: Visit): Promise<SignIn | undefined>;
  /** @returns false when the sign-in is proven already, or another browser's */
  chooseAddress(
    visit: Visit,
    chosen: Pick<SignIn, 'address' | 'addressKey' | 'decision'>,
  ): Promise<boolean>;
  /** @returns false when the sign-in is proven already */
  setDecision(visit: Visit, decision: string): Promise<boolean>;
  /** Marks the sign-in proven, if it is still for the same address. */
  prove(visit: Visit, signIn: SignIn, proof: Proof, now: number): Promise<boolean>;
  accept(visit: Visit, accepted: number): Promise<void>;
  tell(visit: Visit, shown: ShownOnce): Promise<void>;
  /** Takes what was to be shown once. */
  takeTold(visit: Visit, signIn: SignIn | undefined): Promise<ShownOnce>;
}

export function createRemembered(signIns: SignInStore): Remembered {
  return {
    async find({ tenant, uid, browser }) {
      const signIn = await signIns.find(tenant.id, uid);
      return signIn?.browser === browser ? signIn : undefined;
    },
    chooseAddress({ tenant, uid, browser, interaction }, chosen) {
      const expiresAt = interaction.exp;
      return signIns.chooseAddress({ tenant: tenant.id, uid, browser, expiresAt, ...chosen });
    },
    setDecision: ({ tenant, uid, browser }, decision) =>
      signIns.setDecision(tenant.id, uid, browser, decision),
    prove: ({ tenant, uid, browser }, { addressKey }, proof, now) => {
      const proven = { tenant: tenant.id, uid, browser, addressKey };
      return signIns.markProven(proven, JSON.stringify(proof), now);
    },
    accept: ({ tenant, uid, browser }, accepted) =>
      signIns.accept(tenant.id, uid, browser, accepted),
    tell: ({ tenant, uid }, shown) => signIns.setNotice(tenant.id, uid, JSON.stringify(shown)),
    async takeTold({ tenant, uid }, signIn) {
      const kept = signIn?.notice ?? null;
      if (kept === null) return {};
      await signIns.setNotice(tenant.id, uid, null);
      return JSON.parse(kept) as ShownOnce;
    },
  };
}

/** Writes one line of a sign-in's story (S64). */
export type RecordStep = (event: string, visit: Visit, address: string, fields: object) => void;

export function createRecordStep(log: Log): RecordStep {
  return (event, visit, address, fields) => {
    log.info(event, {
      tenant: visit.tenant.id,
      client: visit.client.id,
      address,
      network: maskNetwork(visit.clientAddress),
      ...fields,
    });
  };
}
