import assert from 'node:assert/strict';
import type { RedemptionFacts } from '../../src/domain/redemption.ts';
import {
  AFTER,
  BEFORE,
  decided,
  type GuestFacts,
  NO_UNMANAGED,
  PENDING,
  redeemedBy,
  STAGED,
  UNMANAGED,
} from './redemption-case.ts';

const ON = { ...STAGED, emailOneTimePasscode: 'enabled' } as const;
const OFF = { ...STAGED, emailOneTimePasscode: 'disabled' } as const;
const BOUND: GuestFacts = redeemedBy('unmanagedAccount', 'unmanaged');
const RESET: GuestFacts = { ...PENDING, wasReset: true };

const STILL_IN_USE: Partial<RedemptionFacts> = { guest: BOUND };
const RESET_AND_REINVITED: Partial<RedemptionFacts> = { guest: RESET, unmanaged: UNMANAGED };
const NO_ACCOUNT: Partial<RedemptionFacts> = { unmanaged: NO_UNMANAGED };

const KEEPS = 'use unmanagedAccount@unmanaged';
const PASSCODE = 'use emailOneTimePasscode';
const NEW_CONSUMER = 'use new consumerAccount@consumer';

describe('decideRedemption, before the change has reached the tenant', () => {
  it('M1 keeps an unmanaged account that is in use, passcodes on', () => {
    assert.equal(decided(STILL_IN_USE, ON, BEFORE), `4e R7 ${KEEPS}`);
  });

  it('M2 lets a guest who was reset redeem by the unmanaged account again, passcodes on', () => {
    assert.equal(decided(RESET_AND_REINVITED, ON, BEFORE), `5f M2 ${KEEPS}`);
  });

  it('M3 mails a passcode to a guest without an account, passcodes on', () => {
    assert.equal(decided(NO_ACCOUNT, ON, BEFORE), `9 R3 ${PASSCODE}`);
  });

  it('M4 keeps an unmanaged account that is in use, passcodes off', () => {
    assert.equal(decided(STILL_IN_USE, OFF, BEFORE), `4e R7 ${KEEPS}`);
  });

  it('M5 lets a guest who was reset redeem by the unmanaged account again, passcodes off', () => {
    assert.equal(decided(RESET_AND_REINVITED, OFF, BEFORE), `5f M2 ${KEEPS}`);
  });

  it('M6 has a guest without an account make an unmanaged one, passcodes off', () => {
    const made = 'use new unmanagedAccount@unmanaged';
    assert.equal(decided(NO_ACCOUNT, OFF, BEFORE), `12c M6 ${made}`);
    // The setting nobody touched is off until the change comes.
    assert.equal(decided(NO_ACCOUNT, STAGED, BEFORE), `12c M6 ${made}`);
  });

  it('M6 ends in an error on a direct link for a guest who was not added beforehand', () => {
    const direct = { ...NO_ACCOUNT, arrival: 'direct', guest: null } as const;
    assert.equal(decided(direct, OFF, BEFORE), '2a R13 refuse not_invited');
  });

  it('M6 has a guest of a consumer domain make a consumer account instead', () => {
    const facts = { ...NO_ACCOUNT, consumerDomain: true };
    assert.equal(decided(facts, OFF, BEFORE), `12a M6 ${NEW_CONSUMER}`);
  });

  it('M6 makes no unmanaged account at a consumer domain, even where no other can be made', () => {
    const consumer = { connection: null, answer: 'unconfigured' } as const;
    const facts = { ...NO_ACCOUNT, consumer, consumerDomain: true };
    assert.equal(decided(facts, OFF, BEFORE), '13b R56 refuse no_method');
  });

  it("M6 makes none where the domain's owner takes none", () => {
    const facts = { ...NO_ACCOUNT, unmanagedRefused: true };
    assert.equal(decided(facts, OFF, BEFORE), '12b M6 refuse no_method');
  });
});

describe('decideRedemption, after the change has reached the tenant', () => {
  it('M7 keeps an unmanaged account that is in use, passcodes on', () => {
    assert.equal(decided(STILL_IN_USE, ON, AFTER), `4e R7 ${KEEPS}`);
  });

  it('M8 mails a passcode to a guest who was reset, from now on, passcodes on', () => {
    assert.equal(decided(RESET_AND_REINVITED, ON, AFTER), `9 R3 ${PASSCODE}`);
    const bound = { ...redeemedBy('emailOneTimePasscode', null), wasReset: true };
    assert.equal(
      decided({ guest: bound, unmanaged: UNMANAGED }, ON, AFTER),
      '4c R6 use emailOneTimePasscode',
    );
  });

  it('M9 mails a passcode to a guest without an account, passcodes on', () => {
    assert.equal(decided(NO_ACCOUNT, ON, AFTER), `9 R3 ${PASSCODE}`);
    assert.equal(decided(NO_ACCOUNT, STAGED, AFTER), `9 R3 ${PASSCODE}`);
  });

  it('M10 keeps an unmanaged account that is in use, passcodes off', () => {
    assert.equal(decided(STILL_IN_USE, OFF, AFTER), `4e R7 ${KEEPS}`);
  });

  it('M11 has a guest who was reset make a consumer account, passcodes off', () => {
    assert.equal(decided(RESET_AND_REINVITED, OFF, AFTER), `13a M12 ${NEW_CONSUMER}`);
  });

  it('M12 has a guest without an account make a consumer account, passcodes off', () => {
    assert.equal(decided(NO_ACCOUNT, OFF, AFTER), `13a M12 ${NEW_CONSUMER}`);
  });

  it('M11 M12 use the consumer account of a guest who has one', () => {
    const consumer = { connection: 'consumer', answer: 'account' } as const;
    const used = '8a R3 use consumerAccount@consumer';
    assert.equal(decided({ ...RESET_AND_REINVITED, consumer }, OFF, AFTER), used);
    assert.equal(decided({ ...NO_ACCOUNT, consumer }, OFF, AFTER), used);
  });
});

describe('decideRedemption, long after the change', () => {
  it('R40 lets nobody in by an unmanaged account in era current', () => {
    assert.equal(decided(STILL_IN_USE), '4d R40 refuse method_unavailable');
    assert.equal(decided(RESET_AND_REINVITED), `9 R3 ${PASSCODE}`);
    assert.equal(decided({ unmanaged: UNMANAGED }), `9 R3 ${PASSCODE}`);
  });
});
