// Owns why an outgoing request came to nothing.

/**
 * `address`: not a public one. `scheme`: not https, or no URL. `redirect`: it points elsewhere.
 * `too_large`: the body has more than was to be read. `timeout`: not all of it came in time.
 * `unreachable`: no connection, or it broke.
 */
export type OutboundFault =
  'address' | 'scheme' | 'redirect' | 'too_large' | 'timeout' | 'unreachable';

/** An outgoing request that came to nothing. Its text names no URL: guests' addresses stand in some. */
export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly reason: OutboundFault;

  /** @param code a code of the system such as `ECONNREFUSED`, for the log */
  constructor(reason: OutboundFault, code?: string) {
    super(code === undefined ? reason : `${reason} ${code}`);
    this.reason = reason;
  }
}
