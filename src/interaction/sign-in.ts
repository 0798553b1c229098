// Owns the steps of a sign-in: each does one thing and says what came of it. None of them decides
// what is shown next; domain/sign-in does.

import { type EmailAddress, parseEmailAddress } from '../domain/email-address.ts';
import type { MailFate } from '../domain/mail-fate.ts';
import { isEnd, nextStep, type Step } from '../domain/sign-in.ts';
import type { FateOfMail } from '../mail/fates.ts';
import type { SignIn, SignInStore } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import type { CompletionSteps } from './completion.ts';
import { type Decided, decidedOf, heldOf } from './doors.ts';
import { finishConsent, finishWithError } from './finish.ts';
import {
  createPasscodeSteps,
  type PasscodeSteps,
  type PasscodeStepsDeps,
} from './passcode-steps.ts';
import type { Problem } from './problem.ts';
import { createRecordStep, createRemembered, isSuperseded } from './remembered.ts';
import { isSameDoor } from './proof.ts';
import { MOVED_HERE, rejected, type Submission } from './submission.ts';
import type { UpstreamSteps } from './upstream.ts';
import { cameByTicket, isContextUnattainable, type Visit } from './visit.ts';

/** What a page is drawn from. */
export interface View {
  readonly step: Step;
  readonly signIn: SignIn | undefined;
  /** Shown once. */
  readonly problem: Problem | undefined;
  readonly notice: 'resent' | undefined;
  /** What became of the newest mail; undefined for whoever typed the address (S62). */
  readonly fate?: MailFate | undefined;
}

export interface SignInSteps extends PasscodeSteps {
  /** What to show, or where to send the browser when there is nothing to ask. */
  look(visit: Visit): Promise<View | { readonly to: string }>;
  chooseAddress(visit: Visit, typed: string): Promise<Submission>;
  /** Takes one of several doors (R46): its place in the list shown. */
  chooseMethod(visit: Visit, door: string): Promise<Submission>;
  /**
   * Leaves for the place that knows the guest; `anyway` even where it may show nothing (R59), `again`
   * for another account than the one that came back.
   */
  leave(
    visit: Visit,
    how: { readonly anyway: boolean; readonly again: boolean },
  ): Promise<Submission>;
  /** Asks again which door fits: after a directory could not be reached. */
  retry(visit: Visit): Promise<Submission>;
  /** Accepts the page shown: permissions, then terms (R70). */
  accept(visit: Visit): Promise<Submission>;
  /** Goes back without accepting: the application hears `access_denied`. */
  decline(visit: Visit): Promise<Submission>;
  /** Back from another place: on to the engine, or to the page that says what is next. */
  arrive(visit: Visit): Promise<Submission>;
  /** Leads a proven sign-in on: after Back, a reload, or a process that died in between. */
  proceed(visit: Visit): Promise<Submission>;
}

export interface SignInDeps extends Omit<PasscodeStepsDeps, 'remembered' | 'record' | 'complete'> {
  readonly signIns: SignInStore;
  readonly upstream: Pick<UpstreamSteps, 'leave'>;
  readonly completion: CompletionSteps;
  readonly fateOfMail: FateOfMail;
  readonly log: Log;
}

/** @source rules R20 to R25, R46, R69, R70; S1, S13, S17, S25, S62 */
export function createSignInSteps(deps: SignInDeps): SignInSteps {
  const { doors, completion, limits, clock } = deps;
  const remembered = createRemembered(deps.signIns);
  const record = createRecordStep(deps.log);

  return {
    look,
    chooseAddress,
    chooseMethod,
    leave,
    retry,
    ...createPasscodeSteps({ ...deps, remembered, record, complete }),
    accept,
    decline: async ({ interaction }) => ({ outcome: 'moved', to: await deny(interaction) }),
    arrive,
    proceed,
  };

  async function look(visit: Visit): Promise<View | { to: string }> {
    if (isContextUnattainable(visit.interaction)) {
      return {
        to: await finishWithError(visit.interaction, {
          error: 'unmet_authentication_requirements',
          error_description: 'no sign-in of a guest can meet the requested acr',
        }),
      };
    }
    let signIn = await remembered.find(visit);
    if (!signIn && visit.interaction.prompt.name !== 'consent') {
      const begun = await beginByHint(visit);
      if (begun?.to !== undefined) return { to: begun.to };
      // Most come with neither ticket nor hint: then nothing was written since it was looked for.
      if (begun) signIn = await remembered.find(visit);
    }
    const step = await stepOf(visit, signIn);
    const fate = step.step === 'enter-code' ? await fateFor(visit, signIn) : undefined;
    const { problem: wrong, notice } = await remembered.takeTold(visit, signIn, step);
    return { step, signIn, problem: wrong, notice, fate };
  }

  /** Not even looked up for a typed address: neither page nor time may tell a guest from a stranger. */
  async function fateFor(visit: Visit, signIn: SignIn | undefined): Promise<MailFate | undefined> {
    const { messageId = null, addressKey = '' } = signIn ?? {};
    return messageId !== null && cameByTicket(visit, addressKey)
      ? deps.fateOfMail(messageId)
      : undefined;
  }

  /** An invitation or a hint of the client stands for typing the address. @returns where to go at once,
   *  if anywhere; undefined when there was neither */
  async function beginByHint(visit: Visit): Promise<{ readonly to?: string } | undefined> {
    const { loginHint, invited } = visit;
    const invitee = invited && parseEmailAddress(invited.guest.address);
    const isOther = invitee && loginHint && invitee.key !== loginHint.key;
    const address = isOther ? loginHint : (invitee ?? loginHint);
    if (address) {
      const done = await remember(visit, address);
      return done.outcome === 'moved' && done.to !== undefined ? { to: done.to } : {};
    }
    const place = doors.ofDomainHint(visit);
    if (!place) return undefined;
    // Who comes is learned there: until then the sign-in is nobody's.
    await remembered.chooseAddress(visit, { address: '', addressKey: '', decision: null });
    const left = await deps.upstream.leave(visit, place, {
      address: null,
      hint: null,
      create: false,
      again: false,
    });
    return left.outcome === 'left' ? { to: left.to } : {};
  }

  async function chooseAddress(visit: Visit, typed: string): Promise<Submission> {
    if (typed.trim() === '') return rejected('address_missing');
    const address = parseEmailAddress(typed);
    return address ? remember(visit, address) : rejected('address_malformed');
  }

  async function remember(visit: Visit, address: EmailAddress): Promise<Submission> {
    if (!doors.isPasscodeOn(visit) && !hasConnections(visit)) return MOVED_HERE;
    const decided = await doors.decide(visit, address);
    const { decision, door } = decided;
    const { address: text, key: addressKey } = address;
    const kept = { address: text, addressKey, decision: JSON.stringify(decided) };
    if (!(await remembered.chooseAddress(visit, kept))) return rejected('passcode_used');
    const { outcome, row, rule } = decision;
    const about = { outcome, row, rule, method: door?.method };
    record('sign-in.decide', visit, text, { audit: true, ...about });
    // One other place knows the guest: no page in between (P3).
    return door && door.method !== 'emailOneTimePasscode'
      ? leave(visit, { decided, address })
      : MOVED_HERE;
  }

  async function chooseMethod(visit: Visit, chosen: string): Promise<Submission> {
    const signIn = await remembered.find(visit);
    const decided = decidedOf(signIn);
    const offered = decided?.decision.outcome === 'choose' ? decided.decision.doors : [];
    const door = /^\d$/.test(chosen) ? offered[Number(chosen)] : undefined;
    if (!signIn || !decided || !door) return MOVED_HERE;
    const kept = { ...decided, door };
    if (!(await remembered.setDecision(visit, JSON.stringify(kept)))) return MOVED_HERE;
    return door.method === 'emailOneTimePasscode' ? MOVED_HERE : leave(visit, { decided: kept });
  }

  async function leave(
    visit: Visit,
    given: { anyway?: boolean; again?: boolean; decided?: Decided; address?: EmailAddress },
  ): Promise<Submission> {
    const signIn = given.address ? undefined : await remembered.find(visit);
    const door = (given.decided ?? decidedOf(signIn))?.door;
    const address = given.address ?? (signIn && parseEmailAddress(signIn.address));
    const place = visit.tenant.connections?.find(({ id }) => id === door?.connection);
    if (!door || !place || !address) return MOVED_HERE;
    if (place.method === 'google' && visit.isEmbedded && !given.anyway) return MOVED_HERE;
    const hint = door.userPrincipalName ?? address.address;
    const { create } = door;
    const again = given.again ?? false;
    const left = await deps.upstream.leave(visit, place, { address, hint, create, again });
    if (left.outcome === 'left') return { outcome: 'moved', to: left.to };
    await remembered.tell(visit, {
      problem: { code: left.code, params: { place: place.displayName } },
    });
    return MOVED_HERE;
  }

  async function retry(visit: Visit): Promise<Submission> {
    const signIn = await remembered.find(visit);
    const address = signIn && parseEmailAddress(signIn.address);
    return address ? remember(visit, address) : MOVED_HERE;
  }

  async function accept(visit: Visit): Promise<Submission> {
    const signIn = await remembered.find(visit);
    if (!signIn || signIn.verifiedAt === null) return MOVED_HERE;
    const step = await stepOf(visit, signIn);
    if (step.step !== 'review' && step.step !== 'terms') return MOVED_HERE;
    const accepted = step.step === 'review' ? 1 : 2;
    await remembered.accept(visit, accepted);
    record('consent.accept', visit, signIn.address, { audit: true, page: step.step });
    return complete(visit, { ...signIn, accepted });
  }

  async function proceed(visit: Visit): Promise<Submission> {
    const { interaction } = visit;
    if (interaction.prompt.name === 'consent') {
      return { outcome: 'moved', to: await finishConsent(interaction) };
    }
    const signIn = await remembered.find(visit);
    const isProven = signIn !== undefined && signIn.verifiedAt !== null;
    const done = isProven ? await complete(visit, signIn) : MOVED_HERE;
    const isOver = isProven ? done.outcome === 'refused' : isEnd(await stepOf(visit, signIn));
    // The guest has read why, and goes back.
    return isOver ? { outcome: 'moved', to: await deny(interaction) } : done;
  }

  async function arrive(visit: Visit): Promise<Submission> {
    const found = await remembered.find(visit);
    const signIn = (await takeHeld(visit, found)) ?? found;
    return signIn && signIn.verifiedAt !== null ? complete(visit, signIn) : MOVED_HERE;
  }

  /** A proof that came before the address was known counts if it is by that guest's door (R20). */
  async function takeHeld(visit: Visit, signIn: SignIn | undefined): Promise<SignIn | undefined> {
    const held = heldOf(signIn);
    const address = signIn && parseEmailAddress(signIn.address);
    if (!held || !address || signIn.verifiedAt !== null) return undefined;
    const decided = await doors.decide(visit, address);
    await remembered.setDecision(visit, JSON.stringify(decided));
    const { decision } = decided;
    const open = decision.outcome === 'choose' ? decision.doors : [decided.door];
    if (!open.some((door) => door !== null && isSameDoor(door, held))) return undefined;
    await remembered.prove(visit, signIn, held, clock());
    return remembered.find(visit);
  }

  async function complete(visit: Visit, signIn: SignIn): Promise<Submission> {
    const done = await completion.complete(visit, signIn);
    if (done.outcome === 'consent') return MOVED_HERE;
    if (done.outcome === 'refused') return done;
    if (done.outcome === 'finished') {
      const { subject, revokedAt, row, rule } = done;
      const { method, connection, idp } = done.binding;
      const about = { subject, method, connection, idp, row, rule };
      record('sign-in.finish', visit, signIn.address, { audit: true, ...about });
      const guest = { id: subject, revokedAt };
      const token = deps.acquaintance.tokenAfter(visit, signIn.addressKey, guest, method);
      if (token !== undefined) return { outcome: 'moved', to: done.to, knownBrowser: token };
    }
    return { outcome: 'moved', to: done.to };
  }

  async function stepOf(visit: Visit, signIn: SignIn | undefined): Promise<Step> {
    if (visit.interaction.prompt.name === 'consent') return { step: 'continue' };
    const decided = decidedOf(signIn);
    let consent: 'none' | 'review' | 'terms' = 'none';
    if (signIn && signIn.verifiedAt !== null) {
      const judged = await completion.judge(visit, signIn);
      if (judged.outcome === 'refused') {
        return { step: 'refused', code: judged.code, row: judged.row };
      }
      consent = judged.consent;
    }
    const state = {
      passcodeOn: doors.isPasscodeOn(visit),
      hasConnections: hasConnections(visit),
      address: signIn?.address || null,
      decision: decided?.decision ?? null,
      door: decided?.door ?? null,
      sent: signIn ?? null,
      superseded: signIn !== undefined && isSuperseded(signIn),
      consent,
    };
    return nextStep(state, limits, clock());
  }
}

function hasConnections({ tenant }: Visit): boolean {
  return (tenant.connections ?? []).length > 0;
}

/** The application hears no more than that. */
function deny(interaction: Visit['interaction']): Promise<string> {
  const error = { error: 'access_denied', error_description: 'the guest cannot sign in here' };
  return finishWithError(interaction, error);
}
