// Owns the table of all operations.

import { createAuditOperations, type AuditOperationsDeps } from './audit-logs.ts';
import { createDeletedUserOperations, type DeletedUserOperationsDeps } from './deleted-users.ts';
import { createExplainOperations, type ExplainOperationsDeps } from './explain.ts';
import { createInvitationOperations, type InvitationOperationsDeps } from './invitations.ts';
import { createMailOperations, type MailOperationsDeps } from './mails.ts';
import type { Operation } from './operation.ts';
import { createPolicyOperations, type PolicyOperationsDeps } from './policies.ts';
import {
  createStandingInvitationOperations,
  type StandingInvitationsDeps,
} from './standing-invitations.ts';
import { createUserOperations, type UserOperationsDeps } from './users.ts';

export type OperationsDeps = InvitationOperationsDeps &
  StandingInvitationsDeps &
  UserOperationsDeps &
  MailOperationsDeps &
  DeletedUserOperationsDeps &
  ExplainOperationsDeps &
  PolicyOperationsDeps &
  AuditOperationsDeps;

/** Every operation of the admin API. Making the table asks nothing of what it is made of. */
export function createOperations(deps: OperationsDeps): readonly Operation[] {
  return [
    ...createInvitationOperations(deps),
    ...createStandingInvitationOperations(deps),
    ...createUserOperations(deps),
    ...createMailOperations(deps),
    ...createDeletedUserOperations(deps),
    ...createExplainOperations(deps),
    ...createPolicyOperations(deps),
    ...createAuditOperations(deps),
  ];
}
