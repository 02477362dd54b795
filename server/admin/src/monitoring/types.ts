// What the API tells of what devices measure.
import type { RaRecord } from 'react-admin';

/** A value of a chart; null where nothing was measured. */
export type Point = number | null;

/** A chart as the API answers it. */
export interface Chart {
  traces: [string, Point[]][];
  summary: Record<string, Point> | null;
  title: string;
  description: string;
  type: string;
  unit: string;
  summary_labels: string[] | null;
  colors: string[] | null;
  colorscale: { map?: [number | null, string, string][]; fixed_value?: number | null; max: number; min: number } | null;
  trace_type?: Record<string, string>;
  trace_order?: string[];
  calculate_total?: boolean;
  connect_points?: boolean;
}

/** Charts with their axis. */
export interface Charts {
  charts: Chart[];
  x?: string[];
  organizations?: { id: string; text: string }[];
}

/** A range of time: one of the usual ones, or from one moment to another, in local time. */
export interface Period {
  time?: string;
  start?: string;
  end?: string;
}

/** A client of an access point in a document. */
export interface Client {
  mac: string;
  vendor?: string;
  signal?: number;
  ht?: boolean | null;
  vht?: boolean | null;
  he?: boolean | null;
}

/** An interface in a document. */
export interface Interface {
  name: string;
  type?: string;
  mac?: string;
  up?: boolean;
  speed?: string;
  mtu?: number;
  addresses?: { address: string; mask: number; family: string; proto: string }[];
  statistics?: Record<string, number>;
  wireless?: { ssid: string; mode: string; channel: number; frequency: number; htmode?: string; tx_power: number; signal?: number; noise?: number; country: string; clients?: Client[] };
  mobile?: { operator_name: string; connection_status: string; manufacturer: string; model: string; imei: string; signal?: Record<string, Record<string, number>> };
}

/** The last document of a device. */
export interface DeviceDocument {
  general?: { hostname?: string; local_time?: number; uptime?: number };
  resources?: {
    load?: number[];
    cpus?: number;
    memory?: Record<string, number>;
    disk?: { mount_point: string; filesystem: string; used_bytes: number; size_bytes: number; used_percent: number }[];
  };
  interfaces?: Interface[];
  neighbors?: { ip: string; mac?: string; vendor?: string; interface: string; state?: string }[];
  dhcp_leases?: { ip: string; mac: string; vendor?: string; client_name: string; expiry: number }[];
}

/** A device with what is measured of it. */
export interface Measured extends Charts {
  data?: DeviceDocument | null;
  data_timestamp?: string | null;
}

/** A WiFi session. */
export interface Session extends RaRecord {
  organization: string;
  device: string;
  device_id: string;
  ssid: string;
  interface_name: string;
  client: { mac_address: string; vendor: string | null; wifi6: string | null; wifi5: string | null; wifi4: string | null };
  start_time: string;
  stop_time: string | null;
}

/** A metric that an organization declared. */
export interface CustomMetric extends RaRecord {
  id: string;
  organization: string;
  name: string;
  key: string;
  path: string;
  counter: boolean;
  unit: string;
  chart: '' | 'line' | 'bar';
  description: string;
  operator: '' | '<' | '>';
  threshold: number | null;
  tolerance: number;
  is_active: boolean;
  created: string;
  modified: string;
}
