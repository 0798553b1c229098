// Owns the ways a server's admin API can fail a command.

/** What a server did not do, and why. Never carries a secret or a token. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';
  /** For programs. */
  readonly code: string;
  /** Nobody answered, or nobody who could: exit code 3. */
  readonly isUnreachable: boolean;

  constructor(message: string, code: string, isUnreachable = false) {
    super(message);
    this.code = code;
    this.isUnreachable = isUnreachable;
  }
}
