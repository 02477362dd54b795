// Groups devices by why they are in error, so that one cause is one line.
import type { Device } from '../types';

const stamp = /^\s*(?:\w{3} \w{3} +\d+ )?\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s+(?:\d{4}\s+)?/;
/** Who logged a line of a system's log, and how grave it is. */
const source = /^[a-z]+\d*\.(emerg|alert|crit|err|warn|notice|info|debug)\s+[^\s:]+:\s*/;

/** The line of a reason that says it best: the first with an error's name in capitals, else that was logged as an error, or else the first. */
export function firstLine(reason: string | undefined): string {
  const lines = (reason ?? '')
    .split('\n')
    .map((line) => line.replace(stamp, '').trim())
    .filter(Boolean)
    .map((line) => ({ text: line.replace(source, '') || line, grave: /^(emerg|alert|crit|err)$/.test(source.exec(line)?.[1] ?? '') }));
  const best = lines.find(({ text }) => /\b[A-Z]{2,}(?:_[A-Z]+)+\b/.test(text)) ?? lines.find(({ grave }) => grave) ?? lines[0];
  return best?.text ?? 'No reason was reported';
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
