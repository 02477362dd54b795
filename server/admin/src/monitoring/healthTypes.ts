// What the API tells of how devices are.
import type { RaRecord } from 'react-admin';
import type { StatusName } from '../design/tokens';

/** What went wrong at one or many devices for one reason. */
export interface Incident extends RaRecord {
  organization: string;
  kind: string;
  label: string;
  cause: { id: string; name: string } | null;
  open: boolean;
  devices: number;
  affected: number;
  started: string;
  ended: string | null;
  acknowledged_at: string | null;
  acknowledged_by: string;
  escalated_at: string | null;
  meaning: string;
}

/** A device in an incident. */
export interface Case {
  id: string;
  device: string;
  device_name: string;
  kind: string;
  value: number;
  threshold: number;
  started: string;
  ended: string | null;
  told: boolean;
  why_not_told: string;
}

/** A line of an incident's timeline. */
export interface Entry {
  id: string;
  at: string;
  kind: string;
  device: string | null;
  device_name: string;
  devices: number;
  author: string;
  text: string;
}

/** How a device is, and why. */
export interface Why {
  status: string;
  since: string | null;
  meaning: string;
  failing: { metric: string; name: string; kind: string; critical: boolean; since: string | null; value: number | null; operator: string; threshold: number; tolerance: number; alerted: boolean; meaning: string }[];
  changes: { at: string; kind: string; text: string; author: string }[];
  incidents: Incident[];
  uplink: string | null;
  uplink_status: string;
}

const shapes: Record<string, StatusName> = { ok: 'ok', problem: 'problem', critical: 'critical', deactivated: 'off' };

/** The shape of a health status. */
export function shapeOf(status: string): StatusName {
  return shapes[status] ?? 'unknown';
}

const told: Record<string, string> = {
  uplink: 'behind a dead uplink',
  maintenance: 'during maintenance',
  flapping: 'comes and goes',
  many: 'one of many',
  inactive: 'told elsewhere',
};

/** How people were told of a device of an incident. */
export function toldOf({ told: was, why_not_told: why }: Pick<Case, 'told' | 'why_not_told'>): string {
  return was ? 'yes' : (told[why] ?? 'not yet');
}

/** A line of a timeline in words. */
export function sentence({ kind, device_name: name, devices, author, text }: Entry): string {
  switch (kind) {
    case 'opened':
      return `Began with ${name}`;
    case 'reopened':
      return `Began again with ${name}`;
    case 'grown':
      return `${devices} devices are affected`;
    case 'cause':
      return `${name} is the uplink of ${text} and others: it is the cause`;
    case 'flapping':
      return `${name} comes and goes`;
    case 'acknowledged':
      return `${author} took it${text && `: ${text}`}`;
    case 'escalated':
      return 'People were told again, because nobody took it';
    case 'resolved':
      return devices === 1 ? 'The device is well again' : `All ${devices} devices are well again`;
    case 'comment':
      return `${author}: ${text}`;
  }
  return [kind, name, text].filter(Boolean).join(' ');
}

/** How many devices are in which way. */
export interface FleetHealth {
  devices: number;
  ok: number;
  problem: number;
  critical: number;
  unknown: number;
  deactivated: number;
  incidents: number;
}

/** How one device is, as a list shows it. */
export interface DeviceState {
  device: string;
  status: string;
  since: string | null;
  failing: string[];
}

/** A check of a device. */
export interface Check {
  id: string;
  device: string;
  name: string;
  description: string;
  check_type: string;
  check_type_label: string;
  is_active: boolean;
  params: Record<string, unknown>;
  next_at: string;
  last_run: string | null;
  last_error: string;
}

/** A type of checks. */
export interface CheckType {
  id: string;
  label: string;
  auto: boolean;
  every: number;
  params: { name: string; default: unknown; help: string }[];
}

/** Where a part of a threshold was chosen. */
export type Origin = 'kind' | 'organization' | 'group' | 'device';

/** The threshold of a metric of a device. */
export interface Threshold {
  id: string;
  name: string;
  kind: string;
  is_healthy: boolean | null;
  is_active: boolean | null;
  custom_operator: string | null;
  custom_threshold: number | null;
  custom_tolerance: number | null;
  effective_is_active: boolean;
  effective_operator: string;
  effective_threshold: number;
  effective_tolerance: number;
  origin: { is_active: Origin; operator: Origin; threshold: Origin; tolerance: Origin };
  is_critical: boolean;
}

/** A kind of metric that has a threshold. */
export interface ThresholdKind {
  id: string;
  label: string;
  is_active: boolean;
  operator: string;
  threshold: number;
  tolerance: number;
}

/** A threshold for the devices of an organization or a group. */
export interface AlertDefault extends RaRecord {
  organization: string;
  group: string | null;
  configuration: string;
  label: string;
  is_active: boolean | null;
  operator: string | null;
  threshold: number | null;
  tolerance: number | null;
  modified: string;
}

/** A time of maintenance. */
export interface Maintenance extends RaRecord {
  organization: string;
  name: string;
  start: string;
  end: string;
  repeat: string;
  time_zone: string;
  until: string | null;
  group: string | null;
  devices: string[];
  active: boolean;
  modified: string;
}

/** A status page. */
export interface StatusPageRecord extends RaRecord {
  organization: string;
  title: string;
  show_names: boolean;
  link: string;
  modified: string;
}

/** A threshold in words: "less than 1 for 30 minutes". */
export function thresholdInWords({ operator, threshold, tolerance }: { operator: string; threshold: number; tolerance: number }): string {
  const side = operator === '>' ? 'more than' : 'less than';
  return `${side} ${threshold}${tolerance > 0 ? ` for ${minutesInWords(tolerance)}` : ''}`;
}

/** Minutes as people say them. */
export function minutesInWords(minutes: number): string {
  const of = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  if (minutes > 0 && minutes % 1440 === 0) return of(minutes / 1440, 'day');
  if (minutes > 0 && minutes % 60 === 0) return of(minutes / 60, 'hour');
  return of(minutes, 'minute');
}

const origins: Record<Origin, string> = { kind: 'of the metric', organization: "the organization's", group: "the group's", device: 'chosen here' };

/** Where a threshold comes from: the nearest choice among its parts. */
export function originInWords({ origin }: Pick<Threshold, 'origin'>): string {
  const order: Origin[] = ['device', 'group', 'organization', 'kind'];
  const all = Object.values(origin);
  return origins[order.find((one) => all.includes(one)) ?? 'kind'];
}

/** How much of a time devices, or the devices of places, could be reached. */
export interface Availability {
  start: string;
  end: string;
  target: number;
  rows: {
    id: string;
    name: string;
    location: string;
    devices: number;
    measured: number;
    down: number;
    planned: number;
    /** In percent; null: nothing was measured. */
    availability: number | null;
    incidents: number;
  }[];
  total: { devices: number; measured: number; down: number; availability: number | null; incidents: number };
}

/** A part as a percentage, never rounded up to all of it. */
export function percentInWords(part: number | null): string {
  if (part === null) return 'not measured';
  if (part === 100) return '100 %';
  return `${(Math.floor(part * 1000) / 1000).toFixed(3)} %`;
}

/** Seconds as people say them. */
export function durationInWords(seconds: number): string {
  if (seconds <= 0) return '–';
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
