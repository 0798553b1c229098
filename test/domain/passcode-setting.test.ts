import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  choosePasscodeSetting,
  isPasscodeOn,
  isRolledOut,
  type PasscodeChoice,
  passcodeChoices,
  passcodeOptionLabel,
  untouchedPasscodeSetting,
} from '../../src/domain/passcode-setting.ts';
import { NOMINAL_ROLLOUT } from '../../src/domain/tenant.ts';
import { AFTER, anyPolicy, anyTime, BEFORE, CURRENT, STAGED } from './redemption-case.ts';

const PUBLIC = { cloud: 'public' } as const;
const GOV = { cloud: 'gov' } as const;
const THREE = ['automatic', 'enable', 'disable'];
const TOGGLE = ['yes', 'no'];
const CHOICES: readonly PasscodeChoice[] = ['enable', 'disable', 'previewOptIn', 'resetToDefault'];

describe('isPasscodeOn', () => {
  const enabled = { ...STAGED, emailOneTimePasscode: 'enabled' } as const;
  const disabled = { ...STAGED, emailOneTimePasscode: 'disabled' } as const;

  it('R31 R32 is on from the date for who has decided nothing, and off before', () => {
    assert.equal(isPasscodeOn(STAGED, BEFORE), false);
    assert.equal(isPasscodeOn(STAGED, AFTER), true);
  });

  it('R33 is on at once when enabled, before the date too', () => {
    assert.equal(isPasscodeOn(enabled, BEFORE), true);
  });

  it('R33 is off when disabled, and stays off at the date', () => {
    assert.equal(isPasscodeOn(disabled, BEFORE), false);
    assert.equal(isPasscodeOn(disabled, AFTER), false);
    assert.equal(isPasscodeOn({ ...CURRENT, emailOneTimePasscode: 'disabled' }, AFTER), false);
  });

  it("R37 goes by the tenant's own instant, not by the nominal date", () => {
    assert.ok(BEFORE > NOMINAL_ROLLOUT);
    assert.equal(isPasscodeOn(STAGED, NOMINAL_ROLLOUT), false);
    const early = { ...STAGED, rolloutAt: NOMINAL_ROLLOUT - 86_400 };
    assert.equal(isPasscodeOn(early, NOMINAL_ROLLOUT - 86_400), true);
  });

  it('R39 is on from the start for a tenant made after the change', () => {
    assert.equal(isPasscodeOn({ ...STAGED, createdAt: NOMINAL_ROLLOUT }, BEFORE), true);
    assert.equal(isPasscodeOn({ ...STAGED, createdAt: NOMINAL_ROLLOUT - 1 }, BEFORE), false);
    assert.equal(isPasscodeOn({ ...disabled, createdAt: NOMINAL_ROLLOUT }, BEFORE), false);
  });

  it('R42 is off in the government cloud until it is enabled', () => {
    assert.equal(isPasscodeOn({ ...STAGED, ...GOV }, AFTER), false);
    assert.equal(isPasscodeOn({ ...CURRENT, ...GOV }, AFTER), false);
    assert.equal(isPasscodeOn({ ...STAGED, ...GOV, createdAt: NOMINAL_ROLLOUT }, AFTER), false);
    assert.equal(isPasscodeOn({ ...enabled, ...GOV }, BEFORE), true);
  });

  it('is on by default in era current, whatever dates are written', () => {
    assert.equal(isPasscodeOn({ ...CURRENT, rolloutAt: AFTER }, BEFORE), true);
  });

  it('R32 R33 never goes off by the passing of time', () => {
    fc.assert(
      fc.property(anyPolicy, anyTime, anyTime, (policy, a, b) => {
        const [sooner, later] = a < b ? [a, b] : [b, a];
        assert.ok(!isPasscodeOn(policy, sooner) || isPasscodeOn(policy, later));
      }),
    );
  });
});

describe('isRolledOut', () => {
  it('R40 begins with the second of the change, for a later tenant with its first', () => {
    assert.equal(isRolledOut(STAGED, BEFORE), false);
    assert.equal(isRolledOut(STAGED, AFTER), true);
    assert.equal(isRolledOut({ ...STAGED, createdAt: NOMINAL_ROLLOUT }, BEFORE), true);
    assert.equal(isRolledOut({ ...CURRENT, rolloutAt: AFTER }, BEFORE), true);
  });
});

describe('choosePasscodeSetting', () => {
  it('R33 enables and disables', () => {
    const on = choosePasscodeSetting(untouchedPasscodeSetting, 'enable');
    assert.deepEqual(on, { value: 'enabled', touched: true });
    const off = choosePasscodeSetting(on, 'disable');
    assert.deepEqual(off, { value: 'disabled', touched: true });
  });

  it('R35 counts the preview as a decision: the date decides nothing any more', () => {
    const joined = choosePasscodeSetting(untouchedPasscodeSetting, 'previewOptIn');
    assert.deepEqual(joined, { value: 'enabled', touched: true });
    const left = choosePasscodeSetting(joined, 'disable');
    assert.equal(isPasscodeOn({ ...STAGED, emailOneTimePasscode: left.value }, AFTER), false);
  });

  it('R36 goes back to the default, and the date decides again', () => {
    const off = choosePasscodeSetting(untouchedPasscodeSetting, 'disable');
    const reset = choosePasscodeSetting(off, 'resetToDefault');
    assert.deepEqual(reset, untouchedPasscodeSetting);
    const policy = { ...STAGED, emailOneTimePasscode: reset.value };
    assert.deepEqual([isPasscodeOn(policy, BEFORE), isPasscodeOn(policy, AFTER)], [false, true]);
  });

  it('gives the same setting back when nothing changes', () => {
    const on = choosePasscodeSetting(untouchedPasscodeSetting, 'enable');
    assert.equal(choosePasscodeSetting(on, 'enable'), on);
    assert.equal(
      choosePasscodeSetting(untouchedPasscodeSetting, 'resetToDefault'),
      untouchedPasscodeSetting,
    );
  });

  it('R34 R35 R36 offers automatic exactly to who has not decided since the last reset', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...CHOICES), { maxLength: 8 }), (choices) => {
        const setting = choices.reduce(choosePasscodeSetting, untouchedPasscodeSetting);
        const untouched = choices.length === 0 || choices.at(-1) === 'resetToDefault';
        assert.deepEqual(passcodeChoices(setting, PUBLIC), untouched ? THREE : TOGGLE);
        assert.equal(setting.value === 'default', untouched);
      }),
    );
  });
});

describe('passcodeChoices', () => {
  it('R31 offers three while nobody has decided', () => {
    assert.deepEqual(passcodeChoices(untouchedPasscodeSetting, PUBLIC), THREE);
  });

  it('R34 does not offer automatic once enabled or disabled', () => {
    for (const choice of ['enable', 'disable'] as const) {
      const setting = choosePasscodeSetting(untouchedPasscodeSetting, choice);
      assert.deepEqual(passcodeChoices(setting, PUBLIC), TOGGLE);
    }
  });

  it('R35 offers a toggle to who opted into the preview', () => {
    const setting = choosePasscodeSetting(untouchedPasscodeSetting, 'previewOptIn');
    assert.deepEqual(passcodeChoices(setting, PUBLIC), TOGGLE);
  });

  it('R36 offers three again after a reset to the default', () => {
    const off = choosePasscodeSetting(untouchedPasscodeSetting, 'disable');
    const reset = choosePasscodeSetting(off, 'resetToDefault');
    assert.deepEqual(passcodeChoices(reset, PUBLIC), THREE);
  });

  it('R42 offers the government cloud a toggle from the start', () => {
    assert.deepEqual(passcodeChoices(untouchedPasscodeSetting, GOV), TOGGLE);
  });
});

describe('passcodeOptionLabel', () => {
  it('R38 shows the date it is given, which decides nothing', () => {
    const label = passcodeOptionLabel('automatic', 'October 2021');
    assert.ok(label.endsWith('from October 2021'));
    // The label said October; nothing was on before the tenant's own instant.
    assert.equal(isPasscodeOn(STAGED, Date.UTC(2021, 9, 31) / 1000), false);
    assert.equal(isPasscodeOn(STAGED, NOMINAL_ROLLOUT), false);
  });

  it('has different words for every option', () => {
    const options = ['automatic', 'enable', 'disable', 'yes', 'no'] as const;
    const labels = options.map((option) => passcodeOptionLabel(option, 'October 2021'));
    assert.equal(new Set(labels).size, options.length);
  });
});
