// What the API has of reaching devices.
import type { JSONObject } from '../api/types';

/** Access credentials. */
export interface Credentials {
  id: string;
  name: string;
  organization: string | null;
  connector: string;
  auto_add: boolean;
  params: JSONObject;
  created: string;
  modified: string;
}

/** What became of telling a device of its configuration. */
export interface Push {
  state: 'waiting' | 'pushed' | 'current' | 'failed';
  requested: string;
  attempts: number;
  last_attempt: string | null;
  next_attempt: string | null;
  reason: string;
  connection: string | null;
  succeeded: string | null;
}

/** A way into a device. */
export interface Connection {
  id: string;
  credentials: string;
  credentials_name: string;
  connector: string;
  update_strategy: string;
  enabled: boolean;
  is_working: boolean | null;
  failure_reason: string;
  last_attempt: string | null;
  host_key: string;
  description: string;
}

/** How a device is reached. */
export interface Reach {
  push: Push | null;
  connections: Connection[];
  channel: Channel | null;
}

/** The channel that a device keeps open. */
export interface Channel {
  since: string;
  address: string;
  agent: string;
}

/** A terminal that somebody opened on a device. */
export interface TerminalSession {
  id: string;
  device: string;
  organization: string;
  connection: string | null;
  actor: string;
  address: string;
  state: 'waiting' | 'open' | 'ended';
  cols: number;
  rows: number;
  reason: string;
  size: number;
  created: string;
  started: string | null;
  ended: string | null;
}

/** How far a command is. */
export type CommandStatus = 'in-progress' | 'success' | 'failed';

/** A command: type is its name for people, input what was typed. */
export interface Command {
  id: string;
  type: string;
  input: string;
  device: string;
  connection: string | null;
  status: CommandStatus;
  output: string;
  created: string;
  modified: string;
  batch_command: string | null;
}

/** A mass command. */
export interface Batch {
  id: string;
  organization: string | null;
  status: CommandStatus | 'idle';
  type: string;
  input: unknown;
  label: string;
  notes: string;
  device_count: number;
  skipped_devices: Record<string, string[]>;
  created: string;
  modified: string;
}

/** How far a mass command is. */
export interface Progress {
  status: Batch['status'];
  waiting: number;
  running: number;
  success: number;
  failed: number;
  skipped: number;
  completed: number;
  total: number;
  parallel: number;
  stop_after: number;
  stopped: boolean;
  actor: string;
  repeat_of: string | null;
}

/** Devices that ended alike. */
export interface Outcome {
  status: CommandStatus;
  digest: string;
  count: number;
  output: string;
}

/** The devices of a mass command: named, or as the list of devices is filtered. */
export interface Selection {
  devices?: string[];
  filter?: Record<string, string>;
}
