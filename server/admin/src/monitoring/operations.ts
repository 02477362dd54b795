// Charts, and the last document of a device.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, queryString, type Request } from '../api/client';
import type { Availability, Case, Check, CheckType, DeviceState, Entry, Incident, Threshold, ThresholdKind, Why } from './healthTypes';
import type { Charts, Measured, Period } from './types';

/** The operations of monitoring. */
export interface MonitoringOperations {
  /** The charts of a device. */
  deviceCharts(id: Identifier, period: Period): Promise<Charts>;
  /** The last document of a device. */
  deviceStatus(id: Identifier): Promise<Measured>;
  /** The charts of the whole network, or of an organization by its slug. */
  generalCharts(period: Period, organization?: string): Promise<Charts>;
  /** How a device is, and why. */
  deviceHealth(id: Identifier): Promise<Why>;
  /** What happened in an incident. */
  incidentTimeline(id: Identifier, page: number): Promise<Paged<Entry>>;
  /** The first devices of an incident. */
  incidentCases(id: Identifier, page: number): Promise<Paged<Case>>;
  /** How some devices are. */
  deviceStates(ids: Identifier[]): Promise<DeviceState[]>;
  checkTypes(): Promise<CheckType[]>;
  deviceChecks(device: Identifier): Promise<Check[]>;
  addCheck(body: Partial<Check>): Promise<Check>;
  changeCheck(id: string, body: Partial<Check>): Promise<Check>;
  removeCheck(id: string): Promise<unknown>;
  runCheck(id: string): Promise<unknown>;
  /** The thresholds of a device, with what holds. */
  deviceThresholds(device: Identifier): Promise<Threshold[]>;
  changeThreshold(id: string, body: Partial<Threshold>): Promise<Threshold>;
  thresholdKinds(): Promise<ThresholdKind[]>;
  /** How much of a time devices could be reached. */
  availability(query: Record<string, unknown>): Promise<Availability>;
  /** Takes an incident, or comments on it. */
  sayOfIncident(id: Identifier, take: boolean, comment: string): Promise<Incident>;
}

/** The data provider as the pages of monitoring use it. */
export type MonitoringProvider = DataProvider & MonitoringOperations;

/** A page of a list. */
export interface Paged<T> {
  count: number;
  results: T[];
}

/** How many lines or devices of an incident are read at once. */
const atOnce = 100;

/** The time zone of the browser. */
export const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function device(id: Identifier): string {
  return `monitoring/device/${encodeURIComponent(String(id))}/`;
}

function incident(id: Identifier): string {
  return `monitoring/incident/${encodeURIComponent(String(id))}/`;
}

/** The address of a device's charts as a table. */
export function csvAddress(id: Identifier, period: Period): string {
  return apiRoot + device(id) + queryString({ ...period, timezone, csv: 1 });
}

/** Makes the operations. */
export function monitoringOperations(request: Request): MonitoringOperations {
  return {
    deviceCharts: (id, period) => request<Charts>('GET', device(id), { query: { ...period, timezone } }),
    deviceStatus: (id) => request<Measured>('GET', device(id), { query: { time: '1d', timezone, status: 1 } }),
    generalCharts: (period, organization) => request<Charts>('GET', 'monitoring/dashboard/', { query: { ...period, timezone, organization_slug: organization } }),
    deviceHealth: (id) => request<Why>('GET', `${device(id)}health/`),
    incidentTimeline: (id, page) => request<Paged<Entry>>('GET', `${incident(id)}timeline/`, { query: { page_size: atOnce, page, ordering: '-at' } }),
    incidentCases: (id, page) => request<Paged<Case>>('GET', `${incident(id)}case/`, { query: { page_size: atOnce, page } }),
    deviceStates: (ids) => request<DeviceState[]>('GET', `monitoring/device-state/?${ids.map((id) => `device=${encodeURIComponent(String(id))}`).join('&')}`),
    checkTypes: () => request<CheckType[]>('GET', 'monitoring/check-type/'),
    deviceChecks: async (id) => (await request<{ results: Check[] }>('GET', 'monitoring/device-check/', { query: { device: id, page_size: 100 } })).results,
    addCheck: (body) => request<Check>('POST', 'monitoring/device-check/', { body }),
    changeCheck: (id, body) => request<Check>('PATCH', `monitoring/device-check/${id}/`, { body }),
    removeCheck: (id) => request('DELETE', `monitoring/device-check/${id}/`),
    runCheck: (id) => request('POST', `monitoring/device-check/${id}/run/`),
    deviceThresholds: async (id) => (await request<{ results: Threshold[] }>('GET', 'monitoring/threshold/', { query: { device: id, page_size: 100 } })).results,
    changeThreshold: (id, body) => request<Threshold>('PATCH', `monitoring/threshold/${id}/`, { body }),
    thresholdKinds: () => request<ThresholdKind[]>('GET', 'monitoring/threshold-kind/'),
    availability: (query) => request<Availability>('GET', 'monitoring/availability/', { query }),
    sayOfIncident: (id, take, comment) => request<Incident>('POST', `${incident(id)}${take ? 'acknowledge' : 'comment'}/`, { body: { comment } }),
  };
}
