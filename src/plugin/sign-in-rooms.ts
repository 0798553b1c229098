// Owns joining the rooms of a sign-in: from the address to the door, there and back, and in.

import type { OnSpent } from '../domain/budget.ts';
import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/limits.ts';
import type { TenantIndex } from '../domain/tenant.ts';
import type { ResolveTxt } from '../federation/domain-proof.ts';
import { createUpstreams, type Upstreams } from '../federation/upstreams.ts';
import type { Directory } from '../guests/directory.ts';
import { createDiscover, type Discover } from '../home-realm/discover.ts';
import { createExplain, type Explain } from '../home-realm/explain.ts';
import { createCompletion } from '../interaction/completion.ts';
import { createDoors } from '../interaction/doors.ts';
import { createAcquaintance } from '../interaction/known-browsers.ts';
import { createSignInSteps, type SignInSteps } from '../interaction/sign-in.ts';
import { createUpstreamSteps, type UpstreamSteps } from '../interaction/upstream.ts';
import { createFateOfMail } from '../mail/fates.ts';
import type { Outbox } from '../mail/outbox.ts';
import { createOutboundFetch, createOutboundWebFetch } from '../outbound/fetch.ts';
import { createPasscodeDigests } from '../passcodes/digest.ts';
import { createIssuePasscode } from '../passcodes/issue.ts';
import { createKnownBrowsers } from '../passcodes/known-browser.ts';
import { createSubjects } from '../passcodes/subjects.ts';
import { createVerifyPasscode } from '../passcodes/verify.ts';
import { deriveKey } from '../settings/derive-key.ts';
import { createSealer } from '../settings/sealer.ts';
import type { Secrets } from '../settings/settings.ts';
import type { Store } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import {
  traceCompletion,
  traceDiscover,
  traceDoors,
  traceOutcome,
  traceTxt,
} from './traced-rooms.ts';

export interface SignInRoomsDeps {
  readonly store: Store;
  readonly directory: Directory;
  readonly outbox: Outbox;
  readonly tenants: () => TenantIndex;
  readonly secrets: Secrets;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether the pages are https; only without it may places on this machine be called. */
  readonly secure: boolean;
  readonly resolveTxt: ResolveTxt;
}

export interface SignInRooms {
  readonly discover: Discover;
  readonly explain: Explain;
  readonly upstreams: Upstreams;
  readonly upstream: UpstreamSteps;
  readonly steps: SignInSteps;
}

export function joinSignIn(deps: SignInRoomsDeps): SignInRooms {
  const { store, directory, outbox, tenants, secrets, limits, clock, log, secure } = deps;
  const digests = createPasscodeDigests(secrets.peppers);
  const onSpent: OnSpent = (tenant, spent) => {
    for (const { scope } of spent) log.info('budget.spent', { tenant, budget: scope });
  };
  const passcodeDeps = { store, outbox, digests, limits, clock, onSpent };
  // From the peppers, which have versions: a new one beside them makes no browser unknown.
  const keys = secrets.peppers.map((pepper) => deriveKey(pepper, 'known-browser'));
  const outbound = { allowLoopback: !secure };
  const fetch = createOutboundFetch(outbound);
  const discover = traceDiscover(createDiscover({ guests: store.guests, fetch, clock }));
  const upstreams = createUpstreams({
    fetch,
    webFetch: createOutboundWebFetch(outbound),
    resolveTxt: traceTxt(deps.resolveTxt),
    clock,
    allowInsecure: !secure,
  });
  const doors = traceDoors(createDoors({ discover, clock }));
  const upstream = createUpstreamSteps({
    upstreams,
    journeys: store.journeys,
    signIns: store.signIns,
    directory,
    tenants,
    sealer: createSealer(secrets.sealingKey, 'upstream-journey'),
    clock,
    log,
  });
  const steps = createSignInSteps({
    signIns: store.signIns,
    fateOfMail: createFateOfMail(store.outbox),
    directory,
    doors,
    upstream,
    completion: traceCompletion(createCompletion({ directory, doors, clock })),
    issuePasscode: traceOutcome('passcode.issue', createIssuePasscode(passcodeDeps)),
    verifyPasscode: traceOutcome('passcode.verify', createVerifyPasscode(passcodeDeps)),
    nameSubjects: createSubjects(deriveKey(secrets.sealingKey, 'budget-subjects')),
    acquaintance: createAcquaintance({ knownBrowsers: createKnownBrowsers(keys), clock }),
    limits,
    clock,
    log,
  });
  const explain = createExplain({ guests: store.guests, fetch });
  return { discover, explain, upstreams, upstream, steps };
}
