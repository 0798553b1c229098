// Owns which steps of a sign-in are traced: those that can be slow, or say why one failed. Wrapped
// around the rooms where they are joined, so that none of them knows of it.

import type { ResolveTxt } from '../federation/domain-proof.ts';
import type { Discover } from '../home-realm/discover.ts';
import type { CompletionSteps } from '../interaction/completion.ts';
import type { Doors } from '../interaction/doors.ts';
import { type StepName, traced } from '../telemetry/trace.ts';

/** Traces the look for an address, and with it the places it asks. */
export function traceDiscover(discover: Discover): Discover {
  return (arrival) => traced('sign-in.discover', {}, () => discover(arrival));
}

/** Traces the decision about an address. What it says of a guest stays out, but for its outcome. */
export function traceDoors(doors: Doors): Doors {
  return {
    ...doors,
    decide: (visit, address) =>
      traced('sign-in.decide', {}, async (step) => {
        const decided = await doors.decide(visit, address);
        step.note({ 'guestpass.outcome': decided.decision.outcome });
        return decided;
      }),
  };
}

/** Traces how a sign-in ends. */
export function traceCompletion(completion: CompletionSteps): CompletionSteps {
  return {
    ...completion,
    complete: (visit, signIn) =>
      traced('sign-in.finish', {}, async (step) => {
        const done = await completion.complete(visit, signIn);
        step.note({ 'guestpass.outcome': done.outcome });
        return done;
      }),
  };
}

/** Traces something that says how it ended. */
export function traceOutcome<Request, Result extends { readonly outcome: string }>(
  name: StepName,
  work: (request: Request) => Promise<Result>,
): (request: Request) => Promise<Result> {
  return (request) =>
    traced(name, {}, async (step) => {
      const result = await work(request);
      step.note({ 'guestpass.outcome': result.outcome });
      return result;
    });
}

/** Traces a question to DNS; a name that is not there is an answer. */
export function traceTxt(resolveTxt: ResolveTxt): ResolveTxt {
  return (name) =>
    traced('dns.txt', { isOutbound: true, codeOf: () => undefined }, () => resolveTxt(name));
}
