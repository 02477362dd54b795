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
