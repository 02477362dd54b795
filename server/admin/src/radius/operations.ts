// What can be done with RADIUS beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';
import type { ListAnswer } from '../api/types';
import type { GroupAttribute, RadiusSettings } from './types';

/** Limits of a group, or what its members are told. */
export type AttributeKind = 'check' | 'reply';

/** The operations. */
export interface RadiusOperations {
  groupAttributes(group: Identifier, kind: AttributeKind): Promise<GroupAttribute[]>;
  addGroupAttribute(group: Identifier, kind: AttributeKind, values: Omit<GroupAttribute, 'id'>): Promise<GroupAttribute>;
  changeGroupAttribute(group: Identifier, kind: AttributeKind, values: GroupAttribute): Promise<GroupAttribute>;
  removeGroupAttribute(group: Identifier, kind: AttributeKind, id: Identifier): Promise<unknown>;
}

/** The data provider as the pages of RADIUS use it. */
export type RadiusProvider = DataProvider & RadiusOperations;

/** The operations over a client. */
export function radiusOperations(request: Request): RadiusOperations {
  const below = (group: Identifier, kind: AttributeKind) => `radius/group/${encodeURIComponent(String(group))}/${kind}/`;
  return {
    async groupAttributes(group, kind) {
      const { results } = await request<ListAnswer<GroupAttribute>>('GET', below(group, kind), { query: { page_size: 100 } });
      return results;
    },
    addGroupAttribute: (group, kind, values) => request('POST', below(group, kind), { body: values }),
    changeGroupAttribute: (group, kind, { id, ...values }) => request('PATCH', `${below(group, kind)}${id}/`, { body: values }),
    removeGroupAttribute: (group, kind, id) => request('DELETE', `${below(group, kind)}${id}/`),
  };
}

function settingsOf(organization: Identifier): string {
  return `radius/organization/${encodeURIComponent(String(organization))}/settings/`;
}

/** The settings of an organization; undefined where there are none, or none the caller may see. */
export async function readSettings(request: Request, id: Identifier): Promise<RadiusSettings | undefined> {
  try {
    return await request<RadiusSettings>('GET', settingsOf(id));
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves a change of the settings. */
export function saveSettings(request: Request, id: Identifier, change: Record<string, unknown>): Promise<unknown> {
  const { own: _, organization: __, ...values } = change;
  return request('PATCH', settingsOf(id), { body: values });
}
