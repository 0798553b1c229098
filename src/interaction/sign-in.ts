// Owns the steps of a sign-in: each does one thing and says what came of it. None of them decides
// what is shown next; domain/sign-in does.

import type { Clock } from '../domain/clock.ts';
import { maskNetwork } from '../domain/network.ts';
import { parseEmailAddress } from '../domain/email-address.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Limits } from '../domain/limits.ts';
import { parseTypedPasscode } from '../domain/passcode.ts';
import { isEnd, nextStep, type Step } from '../domain/sign-in.ts';
import { isPasscodeOn } from '../domain/tenant.ts';
import type { Directory } from '../guests/directory.ts';
import type { IssuePasscode } from '../passcodes/issue.ts';
import type { NameSubjects } from '../passcodes/subjects.ts';
import type { VerifyPasscode } from '../passcodes/verify.ts';
import type { SignIn, SignInStore } from '../storage/store.ts';
import type { Log } from '../telemetry/log.ts';
import { finishConsent, finishLogin, finishWithError } from './finish.ts';
import { letterTo } from './letter.ts';
import {
  problem,
  problemOfFormat,
  problemOfIssue,
  problemOfVerify,
  type Problem,
} from './problem.ts';
import { isContextUnattainable, type Visit } from './visit.ts';

/** What a page is drawn from. */
export interface View {
  readonly step: Step;
  readonly signIn: SignIn | undefined;
  /** Shown once. */
  readonly problem: Problem | undefined;
  readonly notice: 'resent' | undefined;
}

/** What came of a submission. */
export type Submission =
  /** On to the engine, or back to the page (`to` undefined). */
  | { readonly outcome: 'moved'; readonly to: string | undefined }
  /** Nothing was done or counted; the page is shown again with what was wrong. */
  | { readonly outcome: 'rejected'; readonly problem: Problem };

export interface SignInSteps {
  /** What to show, or where to send the browser when there is nothing to ask. */
  look(visit: Visit): Promise<View | { readonly to: string }>;
  chooseAddress(visit: Visit, typed: string): Promise<Submission>;
  sendPasscode(visit: Visit): Promise<Submission>;
  submitPasscode(visit: Visit, typed: string): Promise<Submission>;
  /** Leads a proven sign-in on: after Back, a reload, or a process that died in between. */
  proceed(visit: Visit): Promise<Submission>;
}

export interface SignInDeps {
  readonly signIns: SignInStore;
  readonly directory: Directory;
  readonly issuePasscode: IssuePasscode;
  readonly verifyPasscode: VerifyPasscode;
  readonly nameSubjects: NameSubjects;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly log: Log;
}

const MOVED_HERE: Submission = { outcome: 'moved', to: undefined };

/** @source rules R21 to R25; S1, S13, S17, S25, S62 */
export function createSignInSteps(deps: SignInDeps): SignInSteps {
  const { signIns, directory, issuePasscode, verifyPasscode, limits, clock, log } = deps;

  return { look, chooseAddress, sendPasscode, submitPasscode, proceed };

  async function look(visit: Visit): Promise<View | { to: string }> {
    if (isContextUnattainable(visit.interaction)) {
      return {
        to: await finishWithError(visit.interaction, {
          error: 'unmet_authentication_requirements',
          error_description: 'a mailed passcode cannot meet the requested acr',
        }),
      };
    }
    const signIn = await find(visit);
    const step = stepOf(visit, signIn);
    const kept = signIn?.notice ?? null;
    if (kept !== null) await signIns.setNotice(visit.tenant.id, visit.uid, null);
    const shown = kept === null ? {} : (JSON.parse(kept) as Partial<View>);
    return { step, signIn, problem: shown.problem, notice: shown.notice };
  }

  async function chooseAddress(visit: Visit, typed: string): Promise<Submission> {
    if (typed.trim() === '') return rejected('address_missing');
    const address = parseEmailAddress(typed);
    if (!address) return rejected('address_malformed');
    return remember(visit, address);
  }

  async function remember(
    visit: Visit,
    address: { readonly address: string; readonly key: string },
  ): Promise<Submission> {
    if (!isPasscodeOn(visit.tenant)) return MOVED_HERE;
    const mine = await signIns.chooseAddress({
      tenant: visit.tenant.id,
      uid: visit.uid,
      browser: visit.browser,
      address: address.address,
      addressKey: address.key,
      expiresAt: visit.interaction.exp,
    });
    return mine ? MOVED_HERE : rejected('passcode_used');
  }

  async function sendPasscode(visit: Visit): Promise<Submission> {
    if (!isPasscodeOn(visit.tenant)) return MOVED_HERE;
    let signIn = await find(visit);
    if (!signIn && visit.loginHint) {
      await remember(visit, visit.loginHint);
      signIn = await find(visit);
    }
    if (!signIn) return rejected('address_missing');
    // Looked up by the address in every case: a stranger costs what a guest costs (S62), and a
    // guest blocked a moment ago gets no mail.
    const guest = await directory.findByAddress(visit.tenant.id, signIn.addressKey);
    const issued = await issuePasscode({
      tenant: visit.tenant.id,
      uid: visit.uid,
      browser: visit.browser,
      addressKey: signIn.addressKey,
      subjects: subjectsOf(visit, signIn),
      letter: guest ? letterTo(guest, visit) : null,
    });
    record('passcode.issue', visit, signIn, { outcome: issued.outcome });
    const wrong = problemOfIssue(issued, clock());
    if (wrong) return { outcome: 'rejected', problem: wrong };
    const isResend = issued.outcome === 'sent' && issued.signIn.sends > 1;
    if (isResend) await tell(visit, { notice: 'resent' });
    return MOVED_HERE;
  }

  async function submitPasscode(visit: Visit, typed: string): Promise<Submission> {
    // Switched off while the mail was on its way: what was sent proves nothing any more (R41).
    if (!isPasscodeOn(visit.tenant)) return MOVED_HERE;
    const signIn = await find(visit);
    if (!signIn || signIn.sends < signIn.liveFrom) return rejected('passcode_not_sent');
    const expected = { digits: limits.passcodeDigits, strong: signIn.strong };
    const parsed = parseTypedPasscode(typed, expected);
    if (parsed.outcome !== 'passcode') {
      return { outcome: 'rejected', problem: problemOfFormat(parsed, expected) };
    }
    const verified = await verifyPasscode({
      tenant: visit.tenant.id,
      uid: visit.uid,
      browser: visit.browser,
      addressKey: signIn.addressKey,
      subjects: subjectsOf(visit, signIn),
      passcode: parsed.passcode,
    });
    record('passcode.evaluate', visit, signIn, { outcome: verified.outcome });
    if (verified.outcome === 'verified') return complete(visit, verified.signIn);
    const wrong = problemOfVerify(verified, clock());
    if (wrong) await tell(visit, { problem: wrong });
    return MOVED_HERE;
  }

  async function proceed(visit: Visit): Promise<Submission> {
    const { interaction } = visit;
    if (interaction.prompt.name === 'consent') {
      return { outcome: 'moved', to: await finishConsent(interaction) };
    }
    const signIn = await find(visit);
    const proven = signIn && signIn.verifiedAt !== null;
    const done = proven ? await complete(visit, signIn) : MOVED_HERE;
    if (done.outcome !== 'rejected' && !isEnd(stepOf(visit, signIn))) return done;
    // The guest has read why and goes back: the application hears no more than that.
    const error = { error: 'access_denied', error_description: 'the guest cannot sign in here' };
    return { outcome: 'moved', to: await finishWithError(interaction, error) };
  }

  async function complete(visit: Visit, signIn: SignIn): Promise<Submission> {
    const guest = await directory.findByAddress(visit.tenant.id, signIn.addressKey);
    // Removed or blocked while the mail was on its way: the engine would loop on such an account.
    if (!guest || signIn.verifiedAt === null) {
      return rejected('guest_unavailable');
    }
    await directory.redeem(guest, 'emailOneTimePasscode');
    const to = await finishLogin(visit.interaction, {
      subject: guest.id,
      verifiedAt: signIn.verifiedAt,
    });
    record('sign-in.finish', visit, signIn, { subject: guest.id });
    return { outcome: 'moved', to };
  }

  async function find(visit: Visit): Promise<SignIn | undefined> {
    const signIn = await signIns.find(visit.tenant.id, visit.uid);
    return signIn?.browser === visit.browser ? signIn : undefined;
  }

  function stepOf(visit: Visit, signIn: SignIn | undefined): Step {
    if (visit.interaction.prompt.name === 'consent') return { step: 'continue' };
    const address = signIn?.address ?? visit.loginHint?.address ?? null;
    const state = { passcodeOn: isPasscodeOn(visit.tenant), address, sent: signIn ?? null };
    return nextStep(state, limits, clock());
  }

  function tell(visit: Visit, shown: Partial<Pick<View, 'problem' | 'notice'>>): Promise<void> {
    return signIns.setNotice(visit.tenant.id, visit.uid, JSON.stringify(shown));
  }

  function subjectsOf(visit: Visit, signIn: SignIn) {
    return deps.nameSubjects({
      tenant: visit.tenant.id,
      addressKey: signIn.addressKey,
      clientAddress: visit.clientAddress,
    });
  }

  function record(event: string, visit: Visit, signIn: SignIn, fields: object): void {
    log.info(event, {
      tenant: visit.tenant.id,
      client: visit.client.id,
      address: signIn.address,
      network: maskNetwork(visit.clientAddress),
      ...fields,
    });
  }
}

function rejected(code: ErrorCode): Submission {
  return { outcome: 'rejected', problem: problem(code) };
}
