// Charts, and the last document of a device.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, queryString, type Request } from '../api/client';
import type { Charts, Measured, Period } from './types';

/** The operations of monitoring. */
export interface MonitoringOperations {
  /** The charts of a device. */
  deviceCharts(id: Identifier, period: Period): Promise<Charts>;
  /** The last document of a device. */
  deviceStatus(id: Identifier): Promise<Measured>;
  /** The charts of the whole network, or of an organization by its slug. */
  generalCharts(period: Period, organization?: string): Promise<Charts>;
}

/** The data provider as the pages of monitoring use it. */
export type MonitoringProvider = DataProvider & MonitoringOperations;

/** The time zone of the browser. */
export const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';

function device(id: Identifier): string {
  return `monitoring/device/${encodeURIComponent(String(id))}/`;
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
  };
}
