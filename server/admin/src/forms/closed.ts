// Which organization closes a page.
import type { RaRecord } from 'react-admin';

/** What is known of an organization. */
export interface OrganizationState extends RaRecord {
  name: string;
  is_active: boolean;
}

/** The organization that is switched off; own says that it is the object itself. Accounts and memberships stay open. */
export function closedBy(resource: string | undefined, record: RaRecord, organization: OrganizationState | undefined): { id: string; name: string; own: boolean } | undefined {
  if (resource === 'organizations') return record.is_active === false ? { id: String(record.id), name: String(record.name), own: true } : undefined;
  if (resource === 'users' || !organization || organization.is_active || organization.id !== record.organization) return undefined;
  return { id: String(organization.id), name: organization.name, own: false };
}
