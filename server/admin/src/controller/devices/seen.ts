// When a device counts as silent, and how to ask the list for such.
import type { Dashboard, Device } from '../types';

/** How long after its last request a device counts as silent when the server did not say, in seconds. */
const usual = 360;

/** The filter of the list for devices that are silent, as the dashboard counts them. */
export function silentFilter(dashboard: Pick<Dashboard, 'silent_after'>): Record<string, unknown> {
  return { silent_for: String(dashboard.silent_after ?? usual), is_deactivated: false };
}

/** Whether a device that should be heard of is not. One that was never seen is awaited, not silent. */
export function silent(device: Pick<Device, 'last_seen' | 'is_deactivated' | 'config'>, now: number, after = usual): boolean {
  if (!device.last_seen || device.is_deactivated || device.config?.status === 'deactivated') return false;
  return now - Date.parse(device.last_seen) > after * 1000;
}

/** The choices of the filter by how long a device has been silent, in seconds. */
export const silences = [
  { id: String(usual), name: '6 minutes' },
  { id: '3600', name: 'an hour' },
  { id: '86400', name: 'a day' },
  { id: '604800', name: 'a week' },
  { id: '2592000', name: '30 days' },
];
