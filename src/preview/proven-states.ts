// Owns the states of the pages behind a proof, and of those that let nobody in.

import type { ErrorCode } from '../domain/errors.ts';
import type { Sample } from './sample.ts';
import type { SampleWalk } from './sign-in-walk.ts';
import { only, type PageStates, show } from './state.ts';

/** Why somebody is let in nowhere: the row of the decision that says so, or null behind a proof. */
const REFUSALS: readonly (readonly [code: ErrorCode, row: string | null, shows: string])[] = [
  ['not_invited', '2a', 'nobody invited the address'],
  ['invitation_expired', '2b', 'the invitation has ended'],
  [
    'invitation_link_needed',
    '5f',
    'invited by another name of the account: only the link leads on',
  ],
  ['domain_not_allowed', '3', 'the domain is not allowed'],
  ['passcode_disabled', '4a', 'redeemed by code, and codes are off'],
  ['method_unavailable', '4c', 'the place of the redemption is gone'],
  ['no_method', '13b', 'no place knows the guest, and codes are off'],
  ['cloud_unsupported', '1', 'the guest’s cloud cannot be worked with'],
  ['guest_unavailable', null, 'blocked or removed, or proven by a door that is not the guest’s'],
  ['identity_other', null, 'another account than the one redeemed with'],
  ['identity_taken', null, 'the account belongs to another guest'],
  ['interaction_expired', null, 'proven before a reset, a block or a removal'],
];

/** Every state of consent, of going on, and of refusal. */
export function provenStates(
  sample: Sample,
  walk: SampleWalk,
): PageStates<'review' | 'terms' | 'continue' | 'refused'> {
  const review = (scope?: string) =>
    only('review', walk.page({ step: 'review' }, scope === undefined ? {} : { scope }));
  const refused = (code: ErrorCode, row: string | null) =>
    only('refused', walk.refused(code, row, row === null));
  const kinds = REFUSALS.map(([code, row, shows]) =>
    show(code.replaceAll('_', '-'), shows, refused(code, row)),
  );
  const later = refused('directory_unavailable', '5a');
  return {
    review: [
      show('', 'permissions, at the first sign-in', review()),
      show('openid', 'the application asks for no profile', review('openid')),
    ],
    terms: [
      show(
        '',
        sample.termsConfigured ? 'terms of use' : 'terms of use (the tenant has none: sample)',
        only('terms', walk.page({ step: 'terms' })),
      ),
    ],
    continue: [
      show(
        '',
        'proven already: Back, reload, a second tab',
        only('continue', walk.page({ step: 'continue' })),
      ),
    ],
    refused: [
      show('directory-unavailable', 'a directory cannot be asked: another try may help', later),
      ...kinds,
    ],
  };
}
