// Owns the states of the pages before a proof: address, choice, code.

import { doorTo, newAccountAt } from '../domain/redemption-row.ts';
import type { Door } from '../domain/redemption.ts';
import { type Problem, problem, problemOfIssue, problemOfVerify } from '../interaction/problem.ts';
import { ADDRESS, LONG_ADDRESS, LONG_NAME, type Sample } from './sample.ts';
import type { SampleWalk, Turn } from './sign-in-walk.ts';
import { codeStates } from './code-states.ts';
import { only, type PageStates, show } from './state.ts';

const PASSCODE: Door = {
  method: 'emailOneTimePasscode',
  connection: null,
  create: false,
  userPrincipalName: null,
};

/** Every state of the pages on the way to a proof. */
export function signInStates(
  sample: Sample,
  walk: SampleWalk,
): PageStates<
  | 'address'
  | 'choose-method'
  | 'elsewhere'
  | 'open-browser'
  | 'send-code'
  | 'enter-code'
  | 'sign-in-link'
  | 'sign-in-link-elsewhere'
  | 'code-expired'
> {
  const { frame, now, places } = sample;
  const [place, google] = places.map(({ method, id }) => doorTo(method, id)) as [Door, Door];
  const account = newAccountAt(places[0].method, places[0].id);
  const address = (typed: string, wrong?: Problem) =>
    ({ ...frame, page: 'address', typed, ...(wrong && { problem: wrong }) }) as const;
  const send = (turn?: Turn, to = ADDRESS) =>
    only('send-code', walk.page({ step: 'send-code', address: to }, turn));
  const choose = (doors: readonly Door[], of = ADDRESS) =>
    only('choose-method', walk.page({ step: 'choose-method', address: of, doors }));
  const leave = (turn?: Turn, door = place, of = ADDRESS) =>
    only('elsewhere', walk.page({ step: 'elsewhere', address: of, door }, turn));
  const failed = (code: Problem['code'], params: Problem['params'] = {}) =>
    leave({ problem: { code, params: { place: places[0].displayName, ...params } } });
  const inside = (client: Sample['client']) =>
    only(
      'open-browser',
      walk.page({ step: 'elsewhere', address: ADDRESS, door: google }, { embedded: true, client }),
    );
  const throttled = problemOfIssue({ outcome: 'throttled', retryAt: now + 540 }, now)!;

  return {
    address: [
      show('', 'asks for the address', address('')),
      show('empty', 'nothing typed', address('', problem('address_missing'))),
      show('malformed', 'not an address', address('teri(at)gmail', problem('address_malformed'))),
      show('known', 'to use a different address: the one given before', address(ADDRESS)),
      show('long', 'the longest address', address(LONG_ADDRESS)),
    ],
    'choose-method': [
      show('', 'two places', choose([place, google])),
      show(
        'code',
        'a place, an account to be made, and the mailed code',
        choose([place, account, PASSCODE]),
      ),
      show('long', 'the longest address', choose([place, PASSCODE], LONG_ADDRESS)),
    ],
    elsewhere: [
      show('', 'before leaving for the place that knows the guest', leave()),
      show('invited', 'by an invitation: the address is fixed', leave({ invited: true })),
      show('create', 'an account is to be made there', leave({}, account)),
      show('hinted', 'the application named the place, and no address is known', {
        ...leave(),
        address: null,
      }),
      show('cancelled', 'the guest stopped there', failed('upstream_cancelled')),
      show('unreachable', 'the place cannot be reached', failed('upstream_unreachable')),
      show('refused', 'the place let nobody in', failed('upstream_refused')),
      show('no-address', 'the place says no address', failed('upstream_address_missing')),
      show(
        'unverified',
        'the place has not confirmed the address',
        failed('upstream_address_unverified'),
      ),
      show(
        'foreign',
        'an address of a domain that is not the place’s',
        failed('upstream_address_foreign'),
      ),
      show(
        'other',
        'another address than the expected one',
        failed('upstream_address_other', { asserted: 'teri@contoso.com', address: ADDRESS }),
      ),
      show(
        'other-unnamed',
        'another account, whose address is not known',
        failed('upstream_address_other'),
      ),
      show('untrusted', 'an answer that cannot be trusted', failed('upstream_untrusted')),
      show(
        'unproven',
        'the domain has not agreed to the federation',
        failed('federation_unproven'),
      ),
      show('long', 'the longest address', leave({}, place, LONG_ADDRESS)),
    ],
    'open-browser': [
      show(
        '',
        'inside another app, where Google shows nothing',
        inside({
          ...sample.client,
          url: sample.client.url ?? 'https://docs.partner.example/start',
        }),
      ),
      show(
        'nowhere',
        'the application says no address of its own',
        inside({ ...sample.client, url: null }),
      ),
      show(
        'long',
        'a long name and a long address',
        inside({
          id: 'x',
          name: LONG_NAME,
          url: `https://docs.partner.example/${'start/'.repeat(30)}`,
        }),
      ),
    ],
    'send-code': [
      show('', 'nothing is mailed before the button', send()),
      show('in-app', 'inside another app', send({ embedded: true })),
      show(
        'in-app-url',
        'inside another app, of an application that says where it is',
        send({
          embedded: true,
          client: {
            ...sample.client,
            url: sample.client.url ?? 'https://docs.partner.example/start',
          },
        }),
      ),
      show('throttled', 'too many were sent', send({ problem: throttled })),
      show(
        'not-sent',
        'a code was typed before one was sent',
        send({ problem: problemOfVerify({ outcome: 'not_sent' }, now)! }),
      ),
      show('long', 'the longest address', send({}, LONG_ADDRESS)),
    ],
    ...codeStates(sample, walk),
  };
}
