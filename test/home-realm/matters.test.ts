import assert from 'node:assert/strict';
import * as fc from 'fast-check';
import { decideRedemption, type RedemptionFacts } from '../../src/domain/redemption.ts';
import { type AskedPlace, matters } from '../../src/home-realm/matters.ts';
import {
  AFTER,
  anyFacts,
  anyPending,
  anyPolicy,
  anyTime,
  AT_HOME,
  CONSUMER,
  CURRENT,
  FACTS,
  HOME,
  NO_UNMANAGED,
  STAGED,
} from '../domain/redemption-case.ts';

const PLACES: readonly AskedPlace[] = ['home', 'unmanaged', 'consumer'];
const asked = (place: AskedPlace, facts: Partial<RedemptionFacts>, policy = CURRENT) =>
  matters(place, { ...FACTS, ...facts }, policy, AFTER);

describe('matters', () => {
  it('asks the home directory of the domain, before anything else', () => {
    const home = { ...HOME, match: 'unasked' } as const;
    assert.equal(asked('home', { home }), true);
    assert.equal(asked('home', { home, federation: 'partner' }), true);
    assert.equal(asked('home', {}), false);
  });

  it('R53 asks no home directory that comes after another place, or that is off', () => {
    const facts = { home: { ...HOME, match: 'unasked' }, federation: 'partner' } as const;
    const order = ['externalFederation', 'homeDirectory'] as const;
    assert.equal(asked('home', facts, { ...CURRENT, order }), false);
    assert.equal(asked('home', facts, { ...CURRENT, order: ['externalFederation'] }), false);
  });

  it('R46 asks for a consumer account whom the home directory signs in by that name', () => {
    assert.equal(asked('consumer', { home: AT_HOME }), true);
    assert.equal(asked('consumer', { home: { ...HOME, match: 'alias' } }), false);
  });

  it('asks for none where a federation or Google comes first', () => {
    assert.equal(asked('consumer', {}), true);
    assert.equal(asked('consumer', { federation: 'partner' }), false);
    assert.equal(asked('consumer', { google: 'google' }), false);
  });

  it('R53 asks for none where consumer accounts are off, or after the passcode', () => {
    const off = { ...CURRENT, fallback: ['emailOneTimePasscode'] } as const;
    assert.equal(asked('consumer', {}, off), false);
    const later = { ...CURRENT, fallback: ['emailOneTimePasscode', 'consumerAccount'] } as const;
    assert.equal(asked('consumer', {}, later), false);
    assert.equal(asked('consumer', {}, { ...later, emailOneTimePasscode: 'disabled' }), true);
  });

  it('asks for unmanaged accounts in era staged alone', () => {
    assert.equal(asked('unmanaged', { unmanaged: NO_UNMANAGED }, STAGED), true);
    assert.equal(asked('unmanaged', { unmanaged: NO_UNMANAGED }, CURRENT), false);
  });

  it('M8 M11 asks for a consumer account though there is an unmanaged one', () => {
    // It does not count for a guest who was reset after the change.
    const facts = { unmanaged: { connection: 'unmanaged', answer: 'account' } } as const;
    assert.equal(asked('consumer', facts, STAGED), true);
  });

  it('R73 asks nobody about a domain that is not allowed', () => {
    const facts = {
      domainAllowed: false,
      home: { ...HOME, match: 'unasked' },
      consumer: CONSUMER,
    } as const;
    for (const place of PLACES) assert.equal(asked(place, facts, STAGED), false, place);
  });

  it('S62 is the same for a stranger and for every guest who has not redeemed', () => {
    fc.assert(
      fc.property(anyFacts(anyPending), anyPolicy, anyTime, (facts, policy, now) => {
        for (const place of PLACES) {
          const stranger = { ...facts, guest: null };
          assert.equal(matters(place, stranger, policy, now), matters(place, facts, policy, now));
        }
      }),
    );
  });

  it('leaves no question out that would have changed the decision', () => {
    fc.assert(
      fc.property(anyFacts(anyPending), anyPolicy, anyTime, (truth, policy, now) => {
        assert.deepEqual(
          decideRedemption(askedFor(truth, policy, now), policy, now),
          decideRedemption(truth, policy, now),
        );
      }),
      { numRuns: 3000 },
    );
  });
});

/** What is known of the truth when only the questions that matter were asked. */
function askedFor(
  truth: RedemptionFacts,
  policy: Parameters<typeof matters>[2],
  now: number,
): RedemptionFacts {
  let known: RedemptionFacts = {
    ...truth,
    home: truth.home && { ...truth.home, match: 'unasked' },
    unmanaged: unasked(truth.unmanaged),
    consumer: unasked(truth.consumer),
  };
  for (const place of PLACES) {
    if (matters(place, known, policy, now)) known = { ...known, [place]: truth[place] };
  }
  return known;
}

function unasked(place: RedemptionFacts['consumer']): RedemptionFacts['consumer'] {
  return place.connection === null ? place : { ...place, answer: 'unasked' };
}
