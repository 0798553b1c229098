// Owns the life of the passcode setting: what its three states mean, when, and what may be chosen.

import type { RedemptionPolicy } from './redemption.ts';
import { type EmailOneTimePasscode, NOMINAL_ROLLOUT } from './tenant.ts';

/** What the rollout is judged by. */
type RolloutPolicy = Pick<RedemptionPolicy, 'era' | 'rolloutAt' | 'createdAt'>;

/**
 * Tells whether the change has reached a tenant: from its own instant on, not the nominal one; at
 * once for a tenant made after the change; always in era `current`. Pure.
 *
 * @param now epoch seconds
 * @source rules R37, R39, R40
 */
export function isRolledOut(policy: RolloutPolicy, now: number): boolean {
  if (policy.era === 'current' || now >= policy.rolloutAt) return true;
  return policy.createdAt !== null && policy.createdAt >= NOMINAL_ROLLOUT;
}

/**
 * Tells whether guests of a tenant may use the mailed passcode now. Pure.
 *
 * @param now epoch seconds
 * @source rules R31 to R33, R37, R39, R42
 */
export function isPasscodeOn(
  policy: RolloutPolicy & Pick<RedemptionPolicy, 'cloud' | 'emailOneTimePasscode'>,
  now: number,
): boolean {
  if (policy.emailOneTimePasscode !== 'default') return policy.emailOneTimePasscode === 'enabled';
  // Nothing switches itself on in the government cloud, not even at the date.
  return policy.cloud === 'public' && isRolledOut(policy, now);
}

/** The setting with its past: whether anybody ever decided, which changes what is offered. */
export interface PasscodeSetting {
  readonly value: EmailOneTimePasscode;
  /** Enabled, disabled or opted into the preview since the last reset. */
  readonly touched: boolean;
}

/** The setting of a tenant that has never decided (R32). */
export const untouchedPasscodeSetting: PasscodeSetting = Object.freeze({
  value: 'default',
  touched: false,
});

/** What can happen to the setting; `resetToDefault` is possible through the API alone (R36). */
export type PasscodeChoice = 'enable' | 'disable' | 'previewOptIn' | 'resetToDefault';

const AFTER: Readonly<Record<PasscodeChoice, PasscodeSetting>> = {
  enable: { value: 'enabled', touched: true },
  disable: { value: 'disabled', touched: true },
  // Who took part in the preview has decided: the date must not decide again (R35).
  previewOptIn: { value: 'enabled', touched: true },
  resetToDefault: untouchedPasscodeSetting,
};

/**
 * The setting after a choice. Pure. What is chosen already stays the very same value, so that a
 * caller can tell that there is nothing to write.
 *
 * @source rules R33, R35, R36
 */
export function choosePasscodeSetting(
  setting: PasscodeSetting,
  choice: PasscodeChoice,
): PasscodeSetting {
  const after = AFTER[choice];
  return after.value === setting.value && after.touched === setting.touched ? setting : after;
}

/** One thing an administrator is offered. */
export type PasscodeOption = 'automatic' | 'enable' | 'disable' | 'yes' | 'no';

const THREE: readonly PasscodeOption[] = Object.freeze(['automatic', 'enable', 'disable']);
const TOGGLE: readonly PasscodeOption[] = Object.freeze(['yes', 'no']);

/**
 * What an administrator is offered: three options while nobody has decided, a toggle afterwards
 * and always in the government cloud.
 *
 * @source rules R34, R35, R36, R42
 */
export function passcodeChoices(
  setting: PasscodeSetting,
  policy: Pick<RedemptionPolicy, 'cloud'>,
): readonly PasscodeOption[] {
  return setting.touched || policy.cloud === 'gov' ? TOGGLE : THREE;
}

/**
 * The words for an option. The date is text to read and nothing else: it may lag behind the
 * instant that {@link isPasscodeOn} judges by.
 *
 * @param shownDate as people read it, e.g. `October 2021`
 * @source rules R38
 */
export function passcodeOptionLabel(option: PasscodeOption, shownDate: string): string {
  const labels: Readonly<Record<PasscodeOption, string>> = {
    automatic: `Turn passcodes for guests on automatically from ${shownDate}`,
    enable: 'Turn passcodes for guests on now',
    disable: 'Keep passcodes for guests off',
    yes: 'Yes',
    no: 'No',
  };
  return labels[option];
}
