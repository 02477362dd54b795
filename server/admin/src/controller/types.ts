// The shapes of the controller's API that its pages read and write. Keys are those of the wire.
import type { JSONObject } from '../api/types';

/** Where a device's configuration stands between the server and the device. */
export type ConfigStatus = 'modified' | 'applied' | 'error' | 'deactivating' | 'deactivated';

/** The configuration of a device as its detail shows it; lists leave the last three out. */
export interface DeviceConfig {
  status?: ConfigStatus;
  error_reason?: string;
  backend: string;
  templates?: string[];
  context?: JSONObject;
  config?: JSONObject;
}

/** The three checksums of a device: what it should have, was last given, and last said it has. */
export interface Checksums {
  desired?: string | null;
  served?: string | null;
  reported?: string | null;
}

export interface Device {
  id: string;
  name: string;
  organization: string;
  group: string | null;
  mac_address: string;
  key: string;
  last_ip: string | null;
  management_ip: string | null;
  is_deactivated?: boolean;
  model: string;
  os: string;
  system: string;
  notes: string;
  config: DeviceConfig | null;
  checksums?: Checksums;
  created: string;
  modified: string;
}

export interface Template {
  id: string;
  name: string;
  organization: string | null;
  type: 'generic' | 'vpn';
  backend: string;
  vpn: string | null;
  tags: string[];
  default: boolean;
  required: boolean;
  auto_cert?: boolean;
  default_values: JSONObject;
  config: JSONObject;
  created: string;
  modified: string;
}

/** What the controller keeps for an organization. shared_secret is null for users who may not change it. */
export interface OrganizationSettings {
  organization: string;
  registration_enabled: boolean;
  shared_secret: string | null;
  context: JSONObject;
}

export interface Dashboard {
  devices: number;
  config_status: Partial<Record<ConfigStatus | 'unknown', number>>;
}

/** A request for a rendering of something that is not saved. */
export interface PreviewRequest {
  backend: string;
  config: JSONObject;
  templates?: string[];
  context?: JSONObject;
  default_values?: JSONObject;
  organization?: string | null;
  device?: string | null;
  name?: string;
  mac_address?: string;
}

export interface Preview {
  rendered: string;
  checksum: string;
  size: number;
}

/** One immutable rendering of a device's configuration. */
export interface ConfigVersion {
  id: string | number;
  checksum: string;
  cause: string;
  actor: string | null;
  created: string;
  served: boolean | string | null;
  reported: boolean | string | null;
  rendered?: string;
}

/** The variables of a device: those the system defines and all that its templates may use. */
export interface DeviceContext {
  system: JSONObject;
  all: JSONObject;
}

/** Backend path -> JSON Schema. */
export type Schemas = Record<string, JSONObject>;
