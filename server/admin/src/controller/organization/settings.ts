// What the controller keeps for an organization, read and saved with it.
import type { Identifier } from 'react-admin';
import type { Request } from '../../api/client';
import { APIError } from '../../api/errors';
import type { OrganizationSettings } from '../types';

const pathOf = (organization: Identifier) => `controller/organization/${organization}/settings/`;

/** The settings; undefined for callers who may not see them. */
export async function readSettings(request: Request, organization: Identifier): Promise<OrganizationSettings | undefined> {
  try {
    return await request<OrganizationSettings>('GET', pathOf(organization));
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves what changed of them. */
export function saveSettings(request: Request, organization: Identifier, change: Record<string, unknown>) {
  return request<OrganizationSettings>('PATCH', pathOf(organization), { body: change });
}
