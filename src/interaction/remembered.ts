// Owns what is remembered of a sign-in between two requests, for the browser it belongs to.

import { maskNetwork } from '../domain/network.ts';
import type { Step } from '../domain/sign-in.ts';
import type { SignIn, SignInStore } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Problem } from './problem.ts';
import type { Proof } from './proof.ts';
import type { Visit } from './visit.ts';

/** What a page shows once. */
export interface ShownOnce {
  readonly problem?: Problem;
  readonly notice?: 'resent';
  /** Shown on every page instead, until more than that many passcodes were sent. */
  readonly sends?: number;
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
  /** Takes what was to be shown once. @param step what is next: where codes are superseded, that stays */
  takeTold(visit: Visit, signIn: SignIn | undefined, step: Step): Promise<ShownOnce>;
}

/** Whether the guest was told that no passcode sent so far is compared, and no other was sent since. Pure. */
export function isSuperseded(signIn: SignIn): boolean {
  const { problem, sends } = toldOf(signIn);
  return problem?.code === 'passcode_superseded' && sends === signIn.sends;
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
    async takeTold({ tenant, uid }, signIn, step) {
      if (!signIn || signIn.notice === null) return {};
      const told = toldOf(signIn);
      // Taken, a reload would show a field again that no code fits.
      if (step.step === 'enter-code' && step.superseded) return told;
      await signIns.setNotice(tenant.id, uid, null);
      return told.sends === undefined ? told : {};
    },
  };
}

function toldOf({ notice }: SignIn): ShownOnce {
  return notice === null ? {} : (JSON.parse(notice) as ShownOnce);
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
