// The shapes of RADIUS. Keys are those of the wire.

/** A group of users with limits. */
export interface RadiusGroup {
  id: string;
  name: string;
  description: string;
  default: boolean;
  organization: string;
  created: string;
  modified: string;
}

/** That a user is in a group; the lowest priority wins among those of one organization. */
export interface InGroup {
  id: string;
  group: string;
  priority: number;
}

/** A limit of a group, or what its members are told. */
export interface GroupAttribute {
  id: string;
  attribute: string;
  op: string;
  value: string;
}

/** A check or a reply of a user. */
export interface UserAttribute {
  id: string;
  organization: string;
  username: string;
  attribute: string;
  op: string;
  value: string;
  created: string;
  modified: string;
}

/** A network that people come into by EAP. */
export interface EnterpriseNetwork {
  id: string;
  organization: string;
  ssid: string;
  server: string;
  server_name: string;
  access_points: string;
  ca: number;
  cert: number;
  nas: string;
  template: string;
  profile_url: string;
  ca_url: string;
  created: string;
}

/** An access server. */
export interface NAS {
  id: string;
  organization: string;
  name: string;
  short_name: string;
  type: string;
  ports: number | null;
  /** Null for those who may not change it. */
  secret: string | null;
  server: string;
  community: string;
  description: string;
  created: string;
  modified: string;
}

/** A stay of somebody in a network. */
export interface Session {
  id: string;
  session_id: string;
  username: string | null;
  groupname: string | null;
  session_time: number | null;
  input_octets: number | null;
  output_octets: number | null;
  called_station_id: string | null;
  calling_station_id: string | null;
  nas_ip_address: string;
  start_time: string | null;
  update_time: string | null;
  stop_time: string | null;
  terminate_cause: string | null;
  organization: string | null;
}

/** What a RADIUS server answered. */
export interface PostAuth {
  id: string;
  username: string;
  password: string;
  reply: string;
  called_station_id: string | null;
  calling_station_id: string | null;
  date: string;
  organization: string | null;
}

/** The settings of an organization that are in force, and which are its own. */
export interface RadiusSettings {
  organization: string;
  token: string | null;
  own: string[];
  [key: string]: unknown;
}

/** A number of accounts that are made at once. */
export interface Batch {
  id: string;
  strategy: 'prefix' | 'csv';
  organization: string;
  status: 'pending' | 'processing' | 'completed' | 'failed';
  name: string;
  csvfile: string | null;
  prefix: string | null;
  group: string | null;
  number_of_users: number;
  users: { id: string; username: string; email: string | null }[];
  expiration_date: string | null;
  notes: string;
  /** Pairs of username and password, for those who may add batches. */
  user_credentials: [string, string][] | null;
  pdf_link: string | null;
  created: string;
  modified: string;
}

/** Somebody who asked for access that a sponsor gives. */
export interface Guest {
  id: string;
  organization: string;
  name: string;
  email: string;
  sponsor: string;
  reason: string;
  mac: string;
  status: 'waiting' | 'approved' | 'refused' | 'lapsed' | 'ended';
  answer_by: string | null;
  until: string | null;
  user: string | null;
  username: string;
  decided_by: string;
  created: string;
  modified: string;
}

/** A device that comes in again by its address. */
export interface RememberedDevice {
  id: string;
  organization: string;
  user: string;
  mac: string;
  until: string;
  created: string;
  modified: string;
}

/** What an organization says of its captive portal. */
export interface PortalSettings {
  organization: string;
  gateway_secret: string | null;
  own: string[];
  [key: string]: unknown;
}

/** The login page of an organization, or a variant of it. */
export interface LoginPage {
  id: string;
  organization: string;
  variant: string;
  /** The keys of the files of OpenWISP WiFi Login Pages. */
  document: Record<string, unknown>;
  disabled: boolean;
  created: string;
  modified: string;
}

/** How many people came how far on a day. */
export interface FunnelDay {
  organization: string;
  day: string;
  seen: number;
  tried: number;
  online: number;
}
