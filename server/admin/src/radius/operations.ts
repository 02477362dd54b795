// What can be done with RADIUS beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';
import { sendForm } from '../api/form';
import type { ListAnswer } from '../api/types';
import type { Batch, EnterpriseNetwork, FunnelDay, GroupAttribute, Guest, InGroup, PortalSettings, RadiusSettings } from './types';

/** Limits of a group, or what its members are told. */
export type AttributeKind = 'check' | 'reply';

/** The operations. */
export interface RadiusOperations {
  groupAttributes(group: Identifier, kind: AttributeKind): Promise<GroupAttribute[]>;
  addGroupAttribute(group: Identifier, kind: AttributeKind, values: Omit<GroupAttribute, 'id'>): Promise<GroupAttribute>;
  changeGroupAttribute(group: Identifier, kind: AttributeKind, values: GroupAttribute): Promise<GroupAttribute>;
  removeGroupAttribute(group: Identifier, kind: AttributeKind, id: Identifier): Promise<unknown>;
  /** The groups of a user. */
  userGroups(user: Identifier): Promise<InGroup[]>;
  joinGroup(user: Identifier, group: Identifier, priority: number): Promise<InGroup>;
  leaveGroup(user: Identifier, membership: Identifier): Promise<unknown>;
  makeBatch(values: NewBatch, file?: File): Promise<Batch>;
  /** The network with EAP of an organization, null where there is none. */
  enterprise(organization: Identifier): Promise<EnterpriseNetwork | null>;
  makeEnterprise(organization: Identifier, wish: EnterpriseWish): Promise<EnterpriseNetwork>;
  removeEnterprise(organization: Identifier): Promise<unknown>;
  answerGuest(guest: Identifier, approve: boolean): Promise<Guest>;
  makeHotspot(organization: Identifier, values: HotspotValues): Promise<{ id: string }>;
  /** A login page as it would be with a configuration that is not stored. */
  previewLoginPage(organization: Identifier, document: unknown, page: string, language: string, signal?: AbortSignal): Promise<string>;
  /** The latest days of an organization's login pages. */
  loginPageFunnel(organization: Identifier): Promise<FunnelDay[]>;
}

/** A network with EAP that is to be made. */
export interface EnterpriseWish {
  ssid: string;
  server: string;
  server_name?: string;
  access_points: string;
  radios?: string[];
}

/** What a hotspot is to be like. */
export interface HotspotValues {
  name: string;
  gateway: string;
  ssid: string;
  radius_server: string;
  radius_secret: string;
}

/** A batch that is to be made. */
export interface NewBatch {
  name: string;
  organization: string;
  strategy: 'prefix' | 'csv';
  prefix?: string;
  number_of_users?: number;
  expiration_date?: string | null;
  notes?: string;
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
    async userGroups(user) {
      const { results } = await request<ListAnswer<InGroup>>('GET', groupsOf(user), { query: { page_size: 100 } });
      return results;
    },
    joinGroup: (user, group, priority) => request('POST', groupsOf(user), { body: { group, priority } }),
    leaveGroup: (user, membership) => request('DELETE', `${groupsOf(user)}${encodeURIComponent(String(membership))}/`),
    async enterprise(organization) {
      try {
        return await request<EnterpriseNetwork>('GET', enterpriseOf(organization));
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return null;
        throw error;
      }
    },
    makeEnterprise: (organization, wish) => request('POST', enterpriseOf(organization), { body: { ...wish } }),
    removeEnterprise: (organization) => request('DELETE', enterpriseOf(organization)),
    answerGuest: (guest, approve) => request('POST', `radius/guest/${encodeURIComponent(String(guest))}/${approve ? 'approve' : 'refuse'}/`),
    makeHotspot: (organization, { radius_server, radius_secret, ...values }) =>
      request('POST', `radius/organization/${encodeURIComponent(String(organization))}/hotspot-template/`, { body: values.gateway === 'coovachilli' ? { ...values, radius_server, radius_secret } : values }),
    async previewLoginPage(organization, document, page, language, signal) {
      const { html } = await request<{ html: string }>('POST', `radius/organization/${encodeURIComponent(String(organization))}/login-page/preview/`, { body: { document, page, language }, signal });
      return html;
    },
    async loginPageFunnel(organization) {
      const { results } = await request<ListAnswer<FunnelDay>>('GET', 'radius/login-page-funnel/', { query: { organization, page_size: 14 } });
      return results;
    },
    async makeBatch({ organization, prefix, number_of_users, strategy, ...values }, file) {
      const { slug } = await request<{ slug: string }>('GET', `users/organization/${encodeURIComponent(organization)}/`);
      const ofPrefix = strategy === 'prefix';
      return sendForm<Batch>('POST', 'radius/batch/', { ...values, expiration_date: values.expiration_date || undefined, strategy, organization_slug: slug, ...(ofPrefix ? { prefix, number_of_users } : { csvfile: file }) });
    },
  };
}

function groupsOf(user: Identifier): string {
  return `users/user/${encodeURIComponent(String(user))}/radius-group/`;
}

/** That there are groups of a user to be shown; undefined where the caller may see none. The card reads and changes them by itself. */
export async function readUserGroups(request: Request, user: Identifier): Promise<object | undefined> {
  try {
    await request('GET', groupsOf(user), { query: { page_size: 1 } });
    return {};
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

function enterpriseOf(organization: Identifier): string {
  return `radius/organization/${encodeURIComponent(String(organization))}/wpa-enterprise/`;
}

function settingsOf(organization: Identifier): string {
  return `radius/organization/${encodeURIComponent(String(organization))}/settings/`;
}

function portalOf(organization: Identifier): string {
  return `radius/organization/${encodeURIComponent(String(organization))}/portal/`;
}

/** The settings of an organization's captive portal; undefined where the caller may see none. */
export async function readPortal(request: Request, id: Identifier): Promise<PortalSettings | undefined> {
  try {
    return await request<PortalSettings>('GET', portalOf(id));
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves a change of them; an empty number means as everywhere. */
export function savePortal(request: Request, id: Identifier, change: Record<string, unknown>): Promise<unknown> {
  const { own: _, organization: __, radius_secret, ...values } = change;
  return request('PATCH', portalOf(id), { body: radius_secret ? { ...values, radius_secret } : values });
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
