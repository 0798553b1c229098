// Owns the face of `guestpass/testing`: re-exports only.

export type { Mailbox, MailedMessage } from './mailbox.ts';
export type { MovableClock } from './movable-clock.ts';
export type { PageOf, Located } from './sign-in.ts';
export {
  type Guestpass,
  type InvitedGuest,
  type InviteOptions,
  startGuestpass,
  type StartOptions,
} from './start.ts';
