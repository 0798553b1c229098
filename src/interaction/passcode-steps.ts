// Owns the two steps of the mailed passcode: sending it, and judging what was typed.

import type { Clock } from '../domain/clock.ts';
import type { Limits } from '../domain/limits.ts';
import { LINK_KEY, parseTypedPasscode } from '../domain/passcode.ts';
import { clientPolicyOf } from '../domain/tenant.ts';
import type { Directory } from '../guests/directory.ts';
import type { IssuePasscode } from '../passcodes/issue.ts';
import type { NameSubjects } from '../passcodes/subjects.ts';
import type { VerifyPasscode } from '../passcodes/verify.ts';
import type { SignIn } from '../storage/store.ts';
import { decidedOf, type Doors } from './doors.ts';
import type { Acquaintance, Recognition } from './known-browsers.ts';
import { letterTo, letterToStranger, noticeTo } from './letter.ts';
import { problemOfFormat, problemOfIssue, problemOfVerify } from './problem.ts';
import type { RecordStep, Remembered } from './remembered.ts';
import { MOVED_HERE, rejected, type Submission } from './submission.ts';
import type { Visit } from './visit.ts';

/** Page of a sign-in that the link in its mail leads to (S23: of the configured origin). */
function linkPageOf({ pagesUrl, uid }: Visit): string {
  return `${pagesUrl}/${uid}/link`;
}

export interface PasscodeSteps {
  sendPasscode(visit: Visit): Promise<Submission>;
  submitPasscode(visit: Visit, typed: string): Promise<Submission>;
  /** Takes the key of the link in the mail, after a press of a button in the browser that asked. */
  submitLink(visit: Visit, key: string): Promise<Submission>;
}

export interface PasscodeStepsDeps {
  readonly remembered: Remembered;
  readonly directory: Pick<Directory, 'findByAddress' | 'isBarred'>;
  readonly doors: Doors;
  readonly issuePasscode: IssuePasscode;
  readonly verifyPasscode: VerifyPasscode;
  readonly nameSubjects: NameSubjects;
  readonly acquaintance: Acquaintance;
  /** What follows a right passcode. */
  readonly complete: (visit: Visit, signIn: SignIn) => Promise<Submission>;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly record: RecordStep;
}

/** @source rules R22 to R24, R41; S1, S10, S13, S17, S62, S67 */
export function createPasscodeSteps(deps: PasscodeStepsDeps): PasscodeSteps {
  const { remembered, directory, doors, issuePasscode, verifyPasscode, acquaintance } = deps;
  const { limits, clock, record } = deps;
  return { sendPasscode, submitPasscode, submitLink };

  async function sendPasscode(visit: Visit): Promise<Submission> {
    if (!doors.isPasscodeOn(visit)) return MOVED_HERE;
    const signIn = await remembered.find(visit);
    if (!signIn || signIn.addressKey === '') return rejected('address_missing');
    if (decidedOf(signIn)?.door?.method !== 'emailOneTimePasscode') return MOVED_HERE;
    // Looked up by the address in every case: a stranger costs what a guest costs (S62), and a
    // guest blocked a moment ago gets no mail.
    const guest = await directory.findByAddress(visit.tenant.id, signIn.addressKey);
    const isLetter = guest !== undefined || (await signsUp(visit, signIn));
    const known = acquaintance.recognise(visit, signIn.addressKey, guest);
    const issued = await issuePasscode({
      tenant: visit.tenant.id,
      uid: visit.uid,
      browser: visit.browser,
      addressKey: signIn.addressKey,
      subjects: subjectsOf(visit, signIn, known),
      guest: guest?.id ?? null,
      ...(visit.tenant.mail?.signInLink === true && { linkPage: linkPageOf(visit) }),
      letter: isLetter ? letterTo(guest, signIn, visit) : null,
      instead: visit.tenant.mailStrangers ? letterToStranger(signIn, visit) : null,
    });
    record('passcode.issue', visit, signIn.address, {
      audit: true,
      outcome: issued.outcome,
      strong: issued.outcome === 'sent' && issued.signIn.strong,
      known: known?.by,
    });
    const wrong = problemOfIssue(issued, clock());
    if (wrong) return { outcome: 'rejected', problem: wrong };
    const isResend = issued.outcome === 'sent' && issued.signIn.sends > 1;
    if (isResend) await remembered.tell(visit, { notice: 'resent' });
    return MOVED_HERE;
  }

  async function submitPasscode(visit: Visit, typed: string): Promise<Submission> {
    // Switched off while the mail was on its way: what was sent proves nothing any more (R41).
    if (!doors.isPasscodeOn(visit)) return MOVED_HERE;
    const signIn = await remembered.find(visit);
    if (!signIn || signIn.sends < signIn.liveFrom) return rejected('passcode_not_sent');
    const expected = { digits: limits.passcodeDigits, strong: signIn.strong };
    const parsed = parseTypedPasscode(typed, expected);
    if (parsed.outcome !== 'passcode') {
      return { outcome: 'rejected', problem: problemOfFormat(parsed, expected) };
    }
    return evaluate(visit, signIn, { passcode: parsed.passcode, isLink: false });
  }

  async function submitLink(visit: Visit, key: string): Promise<Submission> {
    // Switched off since: the tenant does not want what is in the mails that are under way.
    const isOn = visit.tenant.mail?.signInLink === true && doors.isPasscodeOn(visit);
    const signIn = isOn && LINK_KEY.test(key) ? await remembered.find(visit) : undefined;
    if (!signIn || signIn.sends < signIn.liveFrom) return MOVED_HERE;
    return evaluate(visit, signIn, { passcode: key, isLink: true });
  }

  async function evaluate(
    visit: Visit,
    signIn: SignIn,
    given: { readonly passcode: string; readonly isLink: boolean },
  ): Promise<Submission> {
    // Looked up for whoever is typed in, as above (S62).
    const guest = await directory.findByAddress(visit.tenant.id, signIn.addressKey);
    const known = acquaintance.recognise(visit, signIn.addressKey, guest);
    const verified = await verifyPasscode({
      tenant: visit.tenant.id,
      uid: visit.uid,
      browser: visit.browser,
      addressKey: signIn.addressKey,
      subjects: subjectsOf(visit, signIn, known),
      ...given,
      isNewBrowser: known?.by !== 'cookie',
      guest: guest?.id ?? null,
      notice: guest ? noticeTo(guest, visit) : null,
    });
    record('passcode.evaluate', visit, signIn.address, {
      audit: true,
      outcome: verified.outcome,
      strong: signIn.strong,
      ...(given.isLink && { by: 'link' }),
      known: known?.by,
      notified: verified.notified,
    });
    if (verified.outcome === 'verified') return deps.complete(visit, verified.signIn);
    const wrong = problemOfVerify(verified, clock());
    const stays = verified.outcome === 'superseded' && { sends: signIn.sends };
    if (wrong) await remembered.tell(visit, { problem: wrong, ...stays });
    return MOVED_HERE;
  }

  /** Strangers are written to where they may sign up; whoever was blocked is none (R10). */
  async function signsUp({ tenant, client }: Visit, { addressKey }: SignIn): Promise<boolean> {
    const { selfServiceSignUp } = clientPolicyOf(tenant, client.id);
    return selfServiceSignUp && !(await directory.isBarred(tenant.id, addressKey));
  }

  function subjectsOf(
    { tenant, clientAddress }: Visit,
    { addressKey }: SignIn,
    known: Recognition | undefined,
  ) {
    const knownBrowser = known?.name;
    return deps.nameSubjects({ tenant: tenant.id, addressKey, clientAddress, knownBrowser });
  }
}
