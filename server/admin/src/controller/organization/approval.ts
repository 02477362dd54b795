// Whether devices that register with an organization wait until somebody approves of them.
import type { Identifier } from 'react-admin';
import type { Request } from '../../api/client';
import { APIError } from '../../api/errors';

/** What an organization chose. */
export interface ApprovalSettings {
  organization: string;
  approval_required: boolean;
}

const pathOf = (organization: Identifier) => `controller/organization/${organization}/approval-settings/`;

/** The choice; undefined for callers who may not see it. */
export async function readApproval(request: Request, organization: Identifier): Promise<ApprovalSettings | undefined> {
  try {
    return await request<ApprovalSettings>('GET', pathOf(organization));
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves what changed of it. */
export function saveApproval(request: Request, organization: Identifier, change: Record<string, unknown>) {
  return request<ApprovalSettings>('PATCH', pathOf(organization), { body: change });
}
