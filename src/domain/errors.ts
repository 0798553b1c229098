// Owns every way Guestpass says no: one table of codes, one error class.

/**
 * What each error code means to a caller: the HTTP status, and whether the text of
 * `views/locales` under `error.<code>` may be shown (`expose`). `oauth` is the registered
 * OAuth code that programs branch on.
 */
export const errorTable = {
  // Tenant context (rules R12 to R17)
  tenant_missing: { status: 400, expose: true, oauth: 'invalid_request' },
  tenant_unknown: { status: 400, expose: true, oauth: 'invalid_request' },
  tenant_conflict: { status: 400, expose: true, oauth: 'invalid_request' },
  // The edge
  host_unknown: { status: 421, expose: true, oauth: 'invalid_request' },
  not_found: { status: 404, expose: true, oauth: 'invalid_request' },
  method_not_allowed: { status: 405, expose: true, oauth: 'invalid_request' },
  media_type_unsupported: { status: 415, expose: true, oauth: 'invalid_request' },
  body_too_large: { status: 413, expose: true, oauth: 'invalid_request' },
  parameter_malformed: { status: 400, expose: true, oauth: 'invalid_request' },
  request_forged: { status: 403, expose: true, oauth: 'access_denied' },
  request_refused: { status: 400, expose: true, oauth: 'invalid_request' },
  client_loop: { status: 400, expose: true, oauth: 'invalid_request' },
  // One sign-in
  interaction_expired: { status: 400, expose: true, oauth: 'invalid_request' },
  address_missing: { status: 400, expose: true, oauth: 'invalid_request' },
  address_malformed: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_missing: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_too_short: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_too_long: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_malformed: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_mismatch: { status: 400, expose: true, oauth: 'access_denied' },
  passcode_expired: { status: 400, expose: true, oauth: 'access_denied' },
  passcode_used: { status: 400, expose: true, oauth: 'access_denied' },
  passcode_exhausted: { status: 400, expose: true, oauth: 'access_denied' },
  passcode_superseded: { status: 400, expose: true, oauth: 'access_denied' },
  passcode_not_sent: { status: 400, expose: true, oauth: 'invalid_request' },
  passcode_disabled: { status: 403, expose: true, oauth: 'access_denied' },
  guest_unavailable: { status: 403, expose: true, oauth: 'access_denied' },
  // Who gets in, decided before or after the proof (rules section 2)
  not_invited: { status: 403, expose: true, oauth: 'access_denied' },
  domain_not_allowed: { status: 403, expose: true, oauth: 'access_denied' },
  cloud_unsupported: { status: 403, expose: true, oauth: 'access_denied' },
  method_unavailable: { status: 403, expose: true, oauth: 'access_denied' },
  no_method: { status: 403, expose: true, oauth: 'access_denied' },
  directory_unavailable: { status: 503, expose: true, oauth: 'temporarily_unavailable' },
  // Invitations
  invitation_unknown: { status: 404, expose: true, oauth: 'invalid_request' },
  invitation_expired: { status: 403, expose: true, oauth: 'access_denied' },
  invitation_link_needed: { status: 403, expose: true, oauth: 'access_denied' },
  invitations_blocked: { status: 409, expose: true, oauth: 'access_denied' },
  inviter_not_allowed: { status: 403, expose: true, oauth: 'access_denied' },
  redirect_unregistered: { status: 400, expose: true, oauth: 'invalid_request' },
  // Signing in elsewhere
  upstream_cancelled: { status: 400, expose: true, oauth: 'access_denied' },
  upstream_unreachable: { status: 503, expose: true, oauth: 'temporarily_unavailable' },
  upstream_refused: { status: 403, expose: true, oauth: 'access_denied' },
  upstream_address_missing: { status: 403, expose: true, oauth: 'access_denied' },
  upstream_address_unverified: { status: 403, expose: true, oauth: 'access_denied' },
  upstream_address_foreign: { status: 403, expose: true, oauth: 'access_denied' },
  upstream_address_other: { status: 403, expose: true, oauth: 'access_denied' },
  upstream_untrusted: { status: 403, expose: true, oauth: 'access_denied' },
  federation_unproven: { status: 503, expose: true, oauth: 'temporarily_unavailable' },
  identity_other: { status: 403, expose: true, oauth: 'access_denied' },
  identity_taken: { status: 409, expose: true, oauth: 'access_denied' },
  resend_too_soon: { status: 429, expose: true, oauth: 'access_denied' },
  sends_exhausted: { status: 429, expose: true, oauth: 'access_denied' },
  throttled: { status: 429, expose: true, oauth: 'access_denied' },
  // Faults
  unavailable: { status: 503, expose: true, oauth: 'temporarily_unavailable' },
  internal: { status: 500, expose: false, oauth: 'server_error' },
} as const satisfies Record<
  string,
  { readonly status: number; readonly expose: boolean; readonly oauth: string }
>;

/** A stable code of {@link errorTable}; texts, docs and tests are keyed by it. */
export type ErrorCode = keyof typeof errorTable;

/**
 * A fault that ends a request. Expected outcomes (a wrong passcode) are values instead.
 *
 * `status` and `expose` are what Koa reads. `detail` is logged and never sent.
 */
export class GuestError extends Error {
  override readonly name = 'GuestError';
  readonly code: ErrorCode;
  readonly status: number;
  readonly expose: boolean;
  readonly detail: Readonly<Record<string, unknown>>;
  /** Seconds until the same request may succeed; sent as `Retry-After`. */
  readonly retryAfterSeconds: number | undefined;

  constructor(
    code: ErrorCode,
    options: {
      cause?: unknown;
      detail?: Record<string, unknown>;
      retryAfterSeconds?: number;
    } = {},
  ) {
    super(code, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.status = errorTable[code].status;
    this.expose = errorTable[code].expose;
    this.detail = options.detail ?? {};
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}
