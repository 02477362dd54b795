// What the API has of firmware.
import type { JSONObject } from '../api/types';

/** What builds of one purpose belong to. */
export interface Category {
  id: string;
  name: string;
  description: string;
  organization: string | null;
  created: string;
  modified: string;
}

/** A version of the firmware of a category. */
export interface Build {
  id: string;
  category: string;
  category_relation: { name: string; organization: string | null };
  version: string;
  os: string | null;
  changelog: string;
  created: string;
  modified: string;
}

/** The file of a build for one type of hardware. */
export interface Image {
  id: string;
  build: string;
  type: string;
  file: string;
  size: number;
  checksum: string;
  extraction_status: string;
  failure_reason: string;
  board: string;
  compatible: string[];
  target: string;
  fw_version: string;
  created: string;
}

/** A type of images. */
export interface ImageType {
  type: string;
  label: string;
  boards: string[];
}

/** An image that arrives in parts. */
export interface Upload {
  id: string;
  name: string;
  size: number;
  received: number;
  part_size: number;
}

export type OperationStatus = 'in-progress' | 'pending' | 'success' | 'failed' | 'aborted' | 'cancelled';
export type BatchStatus = 'idle' | 'scheduled' | 'in-progress' | 'success' | 'failed' | 'cancelled';

/** One image for one device. */
export interface Operation {
  id: string;
  device: string;
  image: string | null;
  status: OperationStatus;
  log: string;
  progress: number;
  created?: string;
  modified: string;
  is_persistent: boolean;
  retry_count: number;
  next_retry_at: string | null;
  upgrade_options: JSONObject;
  batch: string | null;
  waiting: boolean;
}

/** How many operations of a mass upgrade are how far. */
export interface Counts {
  total: number;
  waiting: number;
  running: number;
  pending: number;
  success: number;
  failed: number;
  aborted: number;
  cancelled: number;
  skipped: number;
}

/** One build for many devices. */
export interface Batch {
  id: string;
  build: Build;
  status: BatchStatus;
  created: string;
  modified: string;
  upgrade_options: JSONObject;
  group: string | null;
  location: string | null;
  is_persistent: boolean;
  scheduled_at: string | null;
  firmwareless: boolean;
  parallel: number;
  problem: string;
  actor: string;
  rollout: string | null;
  counts: Counts;
  /** In detail only. */
  upgradeoperations?: Operation[];
  skipped?: Record<string, string>;
}

/** What happens to a device in a mass upgrade. */
export interface Target {
  device: string;
  name: string;
  model: string;
  device_firmware: string | null;
  installed: boolean;
  image: string | null;
  type: string;
  version: string;
  skip: string;
}

/** A wave as the API takes it. */
export interface WaveRequest {
  devices?: string[];
  percent?: number;
  count?: number;
  pause?: number;
  confirm?: boolean;
}

/** In which waves devices come, and what stops them. */
export interface Strategy {
  waves: WaveRequest[];
  parallel?: number;
  per_site?: number;
  max_failed?: number;
  return_within?: number;
  on_stop?: string;
  window?: { days: number[]; from: string; to: string };
  time_zone?: string;
  deadline?: string;
  no_gates?: boolean;
  max_unreachable?: number;
  max_problems_percent?: number;
}

/** What a mass upgrade begins with. */
export interface UpgradeRequest {
  upgrade_all: boolean;
  group?: string;
  location?: string;
  devices?: string[];
  upgrade_options: JSONObject;
  is_persistent?: boolean;
  scheduled_at?: string;
  strategy?: Strategy;
}

/** What a device may be upgraded to, and how. */
export interface DeviceOptions {
  connected: boolean;
  upgrader: string;
  schema: JSONObject | null;
  type: string;
  images: { id: string; type: string; build: string; version: string; os: string; category: string; current: boolean; extraction_status: string }[];
}

/** Which image a device has. */
export interface DeviceFirmware {
  id: string;
  image: string;
  installed: boolean;
  modified: string;
  upgrade_operation?: { id: string };
}

/** Which devices have what of a category, and could have what. */
export interface Matrix {
  builds: { id: string; version: string; os: string; images: number }[];
  devices: { device: string; name: string; model: string; os: string; type: string; build: string | null; installed: boolean; elsewhere: boolean; possible: string[] }[];
  page: number;
  more: boolean;
}
