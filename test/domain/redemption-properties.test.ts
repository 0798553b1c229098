import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import {
  decideRedemption,
  type RedemptionDecision,
  type RedemptionFacts,
} from '../../src/domain/redemption.ts';
import { errorTable } from '../../src/domain/errors.ts';
import { isRolledOut } from '../../src/domain/passcode-setting.ts';
import { explainRedemption, whatWouldChange } from '../../src/domain/redemption-explain.ts';
import {
  CURRENT,
  anyAccepted,
  anyFacts,
  anyPending,
  anyPolicy,
  anyTime,
  inWords,
  redeemedBy,
} from './redemption-case.ts';
import { runs } from '../support/fuzz.ts';

const RUNS = runs(3000);
const boundElsewhere = anyAccepted.filter(({ method }) => method !== 'emailOneTimePasscode');

describe('every decision', () => {
  it('names its row and rule, and is the same each time', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const decision = decideRedemption(facts, policy, now);
        assert.match(decision.row, /^\d{1,2}[a-g]?$/);
        assert.match(decision.rule, /^[RMS]\d+$/);
        assert.ok(doorsOf(decision).length > 0 || decision.outcome === 'refuse');
        if (decision.outcome === 'refuse') assert.ok(Object.hasOwn(errorTable, decision.code));
        assert.deepEqual(decideRedemption(structuredClone(facts), policy, now), decision);
      }),
      RUNS,
    );
  });

  it('leads to a place, or to a passcode, never to both in one door', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        // inWords asserts it for every door.
        inWords(decideRedemption(facts, policy, now));
      }),
      RUNS,
    );
  });

  it('is that of the first row that fits', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const { rows, decision } = explainRedemption(facts, policy, now);
        const first = rows.find(({ fits }) => fits);
        assert.deepEqual([first?.row, first?.rule], [decision.row, decision.rule]);
        // Every row is asked, also those of providers that are switched off.
        assert.equal(rows.length, 30);
        assert.equal(new Set(rows.map(({ row }) => row)).size, rows.length);
      }),
      RUNS,
    );
  });

  it('offers a reset to those who have redeemed, and says nothing twice', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const decision = decideRedemption(facts, policy, now);
        const said = whatWouldChange(decision, facts, policy, now);
        assert.equal(new Set(said).size, said.length);
        assert.equal(
          said.some((text) => text.includes('guestpass guests reset')),
          decision.row.startsWith('4'),
        );
      }),
      RUNS,
    );
  });
});

describe('switching passcodes on', () => {
  it('R1 never turns somebody away who had a door', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const before = decideRedemption(facts, policy, now);
        fc.pre(before.outcome !== 'refuse');
        const on = { ...policy, emailOneTimePasscode: 'enabled' } as const;
        assert.notEqual(decideRedemption(facts, on, now).outcome, 'refuse');
      }),
      RUNS,
    );
  });

  it('R5 changes nothing for those who have redeemed by another method', () => {
    fc.assert(
      fc.property(anyFacts(boundElsewhere), anyPolicy, anyTime, (facts, policy, now) => {
        const outcomes = (['default', 'enabled', 'disabled'] as const).map((value) =>
          decideRedemption(facts, { ...policy, emailOneTimePasscode: value }, now),
        );
        assert.deepEqual(outcomes[1], outcomes[0]);
        assert.deepEqual(outcomes[2], outcomes[0]);
      }),
      RUNS,
    );
  });
});

describe('a guest who has redeemed', () => {
  it('R6 has the passcode or nothing after redeeming by passcode, whatever came since', () => {
    const guest = fc.constant(redeemedBy('emailOneTimePasscode', null));
    fc.assert(
      fc.property(anyFacts(guest), anyPolicy, anyTime, (facts, policy, now) => {
        const decision = decideRedemption(facts, policy, now);
        assert.ok(
          doorsOf(decision).every(
            ({ method, create }) => method === 'emailOneTimePasscode' && !create,
          ),
        );
      }),
      RUNS,
    );
  });

  it('R7 has their own door or none, whatever became known or configured since', () => {
    fc.assert(
      fc.property(
        anyFacts(anyAccepted),
        anyFacts(),
        anyPolicy,
        anyTime,
        (facts, other, policy, now) => {
          const since: RedemptionFacts = {
            ...other,
            tenant: facts.tenant,
            guest: facts.guest,
            partnerCloudUnsupported: facts.partnerCloudUnsupported,
          };
          const decision = decideRedemption(facts, policy, now);
          assert.deepEqual(decideRedemption(since, policy, now), decision);
          for (const door of doorsOf(decision)) {
            assert.equal(door.method, facts.guest?.method);
            assert.equal(door.connection, facts.guest?.connection);
          }
        },
      ),
      RUNS,
    );
  });

  it('R53 R55 is not touched by the order of providers', () => {
    fc.assert(
      fc.property(
        anyFacts(anyAccepted),
        anyPolicy,
        anyPolicy,
        anyTime,
        (facts, policy, { order, fallback }, now) => {
          const reordered = { ...policy, order, fallback };
          assert.deepEqual(
            decideRedemption(facts, reordered, now),
            decideRedemption(facts, policy, now),
          );
        },
      ),
      RUNS,
    );
  });
});

describe('an account that appears upstream', () => {
  it('R46 never has a guest turned away who had a door', () => {
    const account = fc.constantFrom('home', 'consumer', 'unmanaged', 'federation', 'google');
    fc.assert(
      fc.property(
        anyFacts(anyPending),
        anyPolicy,
        anyTime,
        account,
        (facts, policy, now, place) => {
          fc.pre(decideRedemption(facts, policy, now).outcome !== 'refuse');
          const after = decideRedemption(withAccount(facts, place), policy, now);
          assert.notEqual(after.outcome, 'refuse');
        },
      ),
      RUNS,
    );
  });
});

describe('unmanaged accounts', () => {
  it('R40 are never made once the change has reached the tenant', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const made = doorsOf(decideRedemption(facts, policy, now)).some(
          ({ method, create }) => method === 'unmanagedAccount' && create,
        );
        assert.ok(!made || (!isRolledOut(policy, now) && policy.cloud === 'public'));
      }),
      RUNS,
    );
  });
});

describe('a domain whose owner takes no unmanaged accounts', () => {
  it('R40 is treated as any other once none are made, and with mailboxes of consumers', () => {
    const waiting = { ...CURRENT, emailOneTimePasscode: 'disabled' } as const;
    const policy = fc.oneof(anyPolicy, fc.constant(waiting));
    fc.assert(
      fc.property(anyFacts(anyPending), policy, anyTime, (given, policy, now) => {
        const isMade = policy.era === 'staged' && !isRolledOut(policy, now);
        fc.pre(given.consumerDomain || policy.cloud === 'gov' || !isMade);
        const facts = { ...given, unmanagedRefused: false };
        const decision = decideRedemption(facts, policy, now);
        const refused = { ...facts, unmanagedRefused: true };
        assert.deepEqual(decideRedemption(refused, policy, now), decision);
      }),
      RUNS,
    );
  });
});

describe('a door', () => {
  it("S35 R14 is nobody's without a tenant", () => {
    const nowhere = fc.constantFrom('missing', 'unknown');
    fc.assert(
      fc.property(anyFacts(), nowhere, anyPolicy, anyTime, (facts, tenant, policy, now) => {
        assert.deepEqual(doorsOf(decideRedemption({ ...facts, tenant }, policy, now)), []);
      }),
      RUNS,
    );
  });

  it("R10 is no stranger's where strangers may not sign up", () => {
    const stranger = fc.constant(null);
    fc.assert(
      fc.property(anyFacts(stranger), anyPolicy, anyTime, (facts, policy, now) => {
        const decision = decideRedemption({ ...facts, selfService: false }, policy, now);
        assert.deepEqual(doorsOf(decision), []);
      }),
      RUNS,
    );
  });

  it("R73 is nobody's who has not redeemed yet, where the domain is not allowed", () => {
    const fresh = fc.oneof(fc.constant(null), anyPending);
    fc.assert(
      fc.property(anyFacts(fresh), anyPolicy, anyTime, (facts, policy, now) => {
        const decision = decideRedemption({ ...facts, domainAllowed: false }, policy, now);
        assert.deepEqual(doorsOf(decision), []);
      }),
      RUNS,
    );
  });

  it('R11 R31 leads to no passcode where passcodes are off, or the application takes none', () => {
    const off = fc.constantFrom({ emailOneTimePasscode: 'disabled' } as const, {
      clientTakesPasscodes: false,
    });
    fc.assert(
      fc.property(anyFacts(), anyPolicy, off, anyTime, (facts, policy, without, now) => {
        const decision = decideRedemption(facts, { ...policy, ...without }, now);
        assert.ok(doorsOf(decision).every(({ method }) => method !== 'emailOneTimePasscode'));
      }),
      RUNS,
    );
  });

  it('R7 leads to a place that is known: found of the address, or bound at redemption', () => {
    fc.assert(
      fc.property(anyFacts(), anyPolicy, anyTime, (facts, policy, now) => {
        const { home, federation, google, guest, consumer, unmanaged } = facts;
        const asked = [home?.connection, consumer.connection, unmanaged.connection];
        const known = [federation, google, guest?.connection].concat(asked);
        const doors = doorsOf(decideRedemption(facts, policy, now));
        assert.ok(
          doors.every(({ connection }) => connection === null || known.includes(connection)),
        );
        const places = doors.map(({ method, connection }) => `${method} ${connection}`);
        assert.equal(new Set(places).size, places.length, 'no door twice');
      }),
      RUNS,
    );
  });
});

function doorsOf(decision: RedemptionDecision) {
  if (decision.outcome === 'refuse') return [];
  return decision.outcome === 'use' ? [decision.door] : decision.doors;
}

function withAccount(
  facts: RedemptionFacts,
  place: 'home' | 'consumer' | 'unmanaged' | 'federation' | 'google',
): RedemptionFacts {
  if (place === 'federation' || place === 'google') return { ...facts, [place]: place };
  if (place !== 'home') return { ...facts, [place]: { connection: place, answer: 'account' } };
  const home = { connection: 'contoso', userPrincipalName: null };
  return { ...facts, home: { ...home, match: 'userPrincipalName' } };
}
