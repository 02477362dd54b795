// The shapes of the REST API that the admin reads and writes. Keys are those of the wire.

/** A NetJSON object or any other JSON object whose keys the admin doesn't know. */
export type JSONObject = Record<string, unknown>;

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

export interface Organization {
  id: string;
  name: string;
  slug: string;
  is_active: boolean;
  description: string;
  email: string;
  url: string;
  created: string;
  modified: string;
}

/** What the controller keeps for an organization. shared_secret is null for whoever may not change it. */
export interface OrganizationSettings {
  organization: string;
  registration_enabled: boolean;
  shared_secret: string | null;
  context: JSONObject;
}

/** The answer of the session endpoint: who is logged in and what they may do. */
export interface Session {
  user: { id: string; username: string; email: string | null; is_superuser: boolean; is_staff: boolean };
  permissions: string[];
  organizations: { id: string; name: string; slug: string; is_admin: boolean }[];
  /** What has to be done before anything else is possible, such as choosing a new password. */
  restricted?: string | null;
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

/** The envelope of every list. */
export interface ListAnswer<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}

/** A user's place in an organization. */
export interface Membership {
  organization: string;
  is_admin: boolean;
}

export interface User {
  id: string;
  username: string;
  email: string | null;
  first_name: string;
  last_name: string;
  phone_number: string | null;
  birth_date: string | null;
  is_active: boolean;
  is_staff: boolean;
  /** Only superusers are told. */
  is_superuser?: boolean;
  last_login?: string | null;
  date_joined?: string;
  groups: number[];
  organization_users: Membership[];
}

/** A group of permissions; each permission is a text "<id>: <model> | <name>". */
export interface Group {
  id: number;
  name: string;
  permissions: string[];
}

/** One permission of the catalogue that groups choose from. */
export interface Permission {
  id: number;
  app: string;
  model: string;
  codename: string;
  name: string;
}

/** An e-mail address of an account. */
export interface EmailAddress {
  id: number;
  email: string;
  verified: boolean;
  primary: boolean;
}

/** How an account's second factor stands. */
export interface SecondFactor {
  /** Since when codes are asked for; null while they are not. */
  confirmed: string | null;
  /** How many are left: of the authenticator app, or beside passkeys. */
  recovery_codes: number;
  /** The account may do nothing without. */
  required: boolean;
}

/** What an authenticator app is set up with. qr is the address of an image. */
export interface Enrolment {
  secret: string;
  uri: string;
  qr: string;
}

/** A passkey of the account. */
export interface Passkey {
  id: string;
  name: string;
  last_used: string | null;
  created: string;
}

/** A passkey that was added just now. */
export interface NewPasskey extends Passkey {
  /** Shown this once, to who had none; else empty. */
  recovery_codes: string[];
}

/** A named token of a user. token is there only in the answer that made it. */
export interface APIToken {
  id: string;
  name: string;
  scopes: string[];
  expires: string | null;
  last_used: string | null;
  created: string;
  token?: string;
}

/** One entry of the audit trail. */
export interface AuditEvent {
  id: string;
  created: string;
  actor: string;
  method: string;
  address: string;
  kind: string;
  object_id: string;
  label: string;
  organization: string | null;
  action: string;
  cause: string;
  fields: { field: string; old: unknown; new: unknown }[];
}
