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
  /** Since when it could not be renewed after a change, and why: the last good one goes on being served. */
  not_renewed_since?: string | null;
  not_renewed_reason?: string;
}

/** What a change kept from being renewed. */
export interface Broken {
  count: number;
  checked: number;
  total: number;
  devices: { id: string; name: string; reason: string }[];
}

/** The three checksums of a device: what it should have, was last given, and last said it has. */
export interface Checksums {
  desired?: string | null;
  served?: string | null;
  reported?: string | null;
}

/** What is known of the address a device was last seen from; lists have isp, country and ip_address. */
export interface Whois {
  ip_address: string;
  isp: string;
  asn?: string;
  timezone?: string;
  address?: { city: string; country: string; continent: string; postal: string };
  cidr?: string;
  country?: string;
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
  last_seen?: string | null;
  /** missing where addresses are not looked up */
  whois_info?: Whois | null;
  created: string;
  modified: string;
}

export interface Template {
  id: string;
  name: string;
  organization: string | null;
  type: 'generic' | 'vpn' | 'cert';
  backend: string;
  vpn: string | null;
  tags: string[];
  default: boolean;
  required: boolean;
  auto_cert?: boolean;
  default_values: JSONObject;
  config: JSONObject;
  notes?: string;
  /** Of the type cert: whose certificates devices get, and what these are like. */
  ca?: number | null;
  blueprint_cert?: number | null;
  created: string;
  modified: string;
  /** How many devices have it that the caller may see. */
  devices?: number;
  /** In the answer to a change alone. */
  broken_configurations?: Broken | null;
}

/** What the controller keeps for an organization. shared_secret is null for users who may not change it. */
export interface OrganizationSettings {
  organization: string;
  registration_enabled: boolean;
  shared_secret: string | null;
  context: JSONObject;
  broken_configurations?: Broken | null;
}

export interface Dashboard {
  devices: number;
  config_status: Partial<Record<ConfigStatus | 'unknown', number>>;
  config_not_renewed?: number;
  /** Active devices that were not heard of for silent_after seconds. */
  silent?: number;
  silent_after?: number;
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
  group?: string | null;
  /** The VPN server of a template, whose variables it has. */
  vpn?: string | null;
  /** Asks for sources, variables and changes. */
  explain?: boolean;
}

/** Lines of a rendering that come from one place. */
export interface PreviewSource {
  from: number;
  to: number;
  origin: string;
  id: string | null;
  name: string;
}

export interface Preview {
  rendered: string;
  checksum: string;
  size: number;
  sources?: PreviewSource[];
  /** How what the device runs becomes this, as diff -u writes it. */
  changes?: string;
}

/** What one level says of a variable. */
export interface VariableValue {
  origin: string;
  id: string | null;
  name: string;
  value: unknown;
}

/** A variable with what each level says of it, the strongest first. */
export interface Variable {
  name: string;
  defined: boolean;
  value: unknown;
  values: VariableValue[];
  used: string[];
  /** What the strongest level that declares it says. */
  type: VariableType;
  description: string;
  /** A mask stands in the place of its value. */
  secret: boolean;
  /** What is wrong with the value that counts; '' for nothing. */
  fault: string;
}

/** What the values of a variable must be; '' for anything. */
export type VariableType = '' | 'text' | 'number' | 'boolean' | 'address' | 'network' | 'mac' | 'choice' | 'list';

/** What has variables. */
export type VariableLevel = 'device' | 'group' | 'template' | 'organization';

/** A variable of one level: with a value, declared, or both. */
export interface DeclaredVariable {
  name: string;
  declared: boolean;
  type: VariableType;
  choices: string[];
  description: string;
  secret: boolean;
  set: boolean;
  value: unknown;
}

export interface DeviceVariables {
  variables: Variable[];
  undefined: string[];
  unused: string[];
}

/** Devices that have templates, variables and metadata in common. */
export interface DeviceGroup {
  id: string;
  name: string;
  organization: string;
  description: string;
  templates: string[];
  context: JSONObject;
  meta_data: JSONObject;
  created: string;
  modified: string;
  /** How many devices are in it that the caller may see. */
  devices?: number;
}

/** Something that is done with many devices in the background. */
export interface DeviceTask {
  id: string;
  action: string;
  dry_run: boolean;
  phase: 'checking' | 'applying' | 'done' | 'refused';
  total: number;
  waiting: number;
  changed: number;
  unchanged: number;
  failed: number;
  can_undo: boolean;
  finished: string | null;
}

/** A variable that configurations use and nobody defines. */
export interface UndefinedVariable {
  name: string;
  used: string[];
  own: boolean;
  devices: number;
  sample: string;
  sample_id: string;
}

/** A variable that a level defines and no configuration uses. */
export interface UnusedVariable {
  name: string;
  origin: 'organization' | 'group' | 'template' | 'device';
  id: string;
  of: string;
  devices: number;
}

/** What is missing of the variables of an organization, and what is too many. */
export interface VariableReport {
  devices: number;
  undefined: UndefinedVariable[];
  unused: UnusedVariable[];
}

/** A device that registered and is not there yet. */
export interface Registration {
  id: string;
  organization: string;
  name: string;
  mac_address: string;
  model: string;
  last_ip: string | null;
  state: 'waiting' | 'approved' | 'refused';
  actor: string;
  created: string;
  last_seen: string;
}

/** A device or template that was deleted and can come back. */
export interface Deleted {
  id: string;
  object: string;
  organization: string | null;
  name: string;
  detail: string;
  actor: string;
  deleted: string;
}

/** What is back. */
export interface Recovered {
  id: string;
  name: string;
  left_out: string[];
}

/** What became of one of its devices. */
export interface DeviceTaskItem {
  position: number;
  device: string | null;
  name: string;
  state: 'waiting' | 'changed' | 'unchanged' | 'failed';
  message: string;
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
