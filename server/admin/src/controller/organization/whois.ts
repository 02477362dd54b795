// Whether the public addresses of an organization's devices are looked up.
import type { Identifier } from 'react-admin';
import type { Request } from '../../api/client';
import { APIError } from '../../api/errors';

/** What an organization chose, and what that means. */
export interface WhoisSettings {
  organization: string;
  /** null for what is the case everywhere */
  whois_enabled: boolean | null;
  effective: boolean;
  configured: boolean;
}

const pathOf = (organization: Identifier) => `controller/organization/${organization}/whois-settings/`;

/** The choice; undefined for callers who may not see it, and where nothing can be looked up. */
export async function readWhois(request: Request, organization: Identifier): Promise<WhoisSettings | undefined> {
  try {
    const settings = await request<WhoisSettings>('GET', pathOf(organization));
    return settings.configured ? settings : undefined;
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves what changed of it. */
export function saveWhois(request: Request, organization: Identifier, change: Record<string, unknown>) {
  return request<WhoisSettings>('PATCH', pathOf(organization), { body: change });
}
