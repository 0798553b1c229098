// Owns what an application may do through the admin API, scope by scope.

/** Every scope of the admin API, least first. */
export const ADMIN_SCOPES = [
  'guests.read',
  'guests.invite',
  'guests.manage',
  'policy.manage',
  'audit.read',
] as const;

/**
 * One scope. None includes another: whoever manages guests and reads them asks for both.
 *
 * @source rules R44, R75
 */
export type AdminScope = (typeof ADMIN_SCOPES)[number];
