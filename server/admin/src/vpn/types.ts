// What the API says of VPN servers, their clients and rules of subnet division.

/** How a server fares, as its host said last. */
export interface ServerStatus {
  state: 'running' | 'failed';
  reason: string;
  driver: string;
  current: boolean;
  connected: number;
  changed: string;
  reported: string;
}

/** A VPN server. */
export interface VPN {
  id: string;
  name: string;
  host: string;
  organization: string | null;
  key: string;
  ca: number | null;
  cert: number | null;
  backend: string;
  notes: string;
  config: Record<string, unknown> | string;
  subnet: string | null;
  subnet_network: string;
  ip_address: string;
  webhook_endpoint: string | null;
  auth_token?: string | null;
  auth_token_set: boolean;
  /** Of WireGuard; only sent. */
  private_key?: string | null;
  public_key: string;
  trouble: string;
  fetched: string | null;
  clients: number;
  hub: boolean;
  status: ServerStatus | null;
  created: string;
  modified: string;
}

/** A device at a server. */
export interface VPNClient {
  id: string;
  vpn: string;
  vpn_name: string;
  device: string;
  device_name: string;
  template: string;
  cert: number | null;
  ip_address: string;
  public_key: string;
  vni: number | null;
  zerotier_member_id: string;
  created: string;
  connection: { connected: boolean; endpoint: string; seen: string; received: number; sent: number } | null;
}

/** A certificate that a device has because of a template. */
export interface DeviceCertificate {
  id: string;
  template: string;
  template_name: string;
  auto_cert: boolean;
  cert: number | null;
  common_name: string;
  serial_number: string;
  validity_end: string | null;
  revoked: boolean;
  created: string;
  modified: string;
}

/** What the form of the management network begins with. */
export interface Suggestion {
  hub: boolean;
  host: string;
  port: number;
  network: string;
  interface: string;
  name: string;
}

/** What a rule of subnet division would do for the next device. */
export interface DivisionForecast {
  /** How many more devices find all of their networks; it may be a very large number. */
  room: string;
  networks: { keyword: string; network: string; first_ip: string; last_ip: string }[];
}

/** A rule of subnet division. */
export interface DivisionRule {
  id: string;
  type: string;
  label: string;
  number_of_subnets: number;
  size: number;
  number_of_ips: number;
  organization: string | null;
}
