// Groups devices by why they are in error, so that one cause is one line.
import type { Device } from '../types';

/** The line of a reason that says it best: the first with an error's name in capitals, or else the first. */
export function firstLine(reason: string | undefined): string {
  const stamp = /^\s*(?:\w{3} \w{3} +\d+ )?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s+/;
  const lines = (reason ?? '').split('\n').map((line) => line.replace(stamp, '').trim()).filter(Boolean);
  return lines.find((line) => /\b[A-Z]{2,}(?:_[A-Z]+)+\b/.test(line)) ?? lines[0] ?? 'No reason was reported';
}

/** Devices with the same reason. */
export interface ReasonGroup {
  reason: string;
  devices: Device[];
}

/** The groups, the largest first. Numbers that differ from device to device do not make another reason. */
export function byReason(devices: Device[]): ReasonGroup[] {
  const groups = new Map<string, ReasonGroup>();
  for (const device of devices) {
    const reason = firstLine(device.config?.error_reason);
    const key = reason.replace(/\b[0-9a-f]{2}(?::[0-9a-f]{2}){5}\b/gi, '#').replace(/\d+/g, '#');
    const group = groups.get(key) ?? { reason, devices: [] };
    group.devices.push(device);
    groups.set(key, group);
  }
  return [...groups.values()].sort((a, b) => b.devices.length - a.devices.length);
}
