// Owns the table of all operations.

import { createAuditOperations, type AuditOperationsDeps } from './audit-logs.ts';
import { createInvitationOperations, type InvitationOperationsDeps } from './invitations.ts';
import type { Operation } from './operation.ts';
import { createPolicyOperations, type PolicyOperationsDeps } from './policies.ts';
import { createUserOperations, type UserOperationsDeps } from './users.ts';

export type OperationsDeps = InvitationOperationsDeps &
  UserOperationsDeps &
  PolicyOperationsDeps &
  AuditOperationsDeps;

/** Every operation of the admin API. Making the table asks nothing of what it is made of. */
export function createOperations(deps: OperationsDeps): readonly Operation[] {
  return [
    ...createInvitationOperations(deps),
    ...createUserOperations(deps),
    ...createPolicyOperations(deps),
    ...createAuditOperations(deps),
  ];
}
