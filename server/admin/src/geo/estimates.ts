// Whether the devices of an organization are placed by their public addresses.
import type { Identifier } from 'react-admin';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';

/** What an organization chose, and what that means. */
export interface EstimateSettings {
  organization: string;
  /** null for what is the case everywhere */
  estimated_location_enabled: boolean | null;
  effective: boolean;
  configured: boolean;
}

const pathOf = (organization: Identifier) => `controller/organization/${organization}/geo-settings/`;

/** The choice; undefined for callers who may not see it, and where nothing can be looked up. */
export async function readEstimates(request: Request, organization: Identifier): Promise<EstimateSettings | undefined> {
  try {
    const settings = await request<EstimateSettings>('GET', pathOf(organization));
    return settings.configured ? settings : undefined;
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves what changed of it. */
export function saveEstimates(request: Request, organization: Identifier, change: Record<string, unknown>) {
  return request<EstimateSettings>('PATCH', pathOf(organization), { body: change });
}
