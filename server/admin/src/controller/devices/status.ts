// How a device's configuration stands, in the words and shapes of the design.
import type { StatusName } from '../../design/tokens';
import type { ConfigStatus, Device } from '../types';

/** A configuration's status, or that there is none. */
export type ShownStatus = ConfigStatus | 'unknown';

/** The statuses in the order people look at them. */
export const statuses: ShownStatus[] = ['error', 'modified', 'applied', 'deactivating', 'deactivated', 'unknown'];

/** The shape, the word and the meaning of each. */
export const statusLook: Record<ShownStatus, { status: StatusName; word: string; meaning: string }> = {
  applied: { status: 'ok', word: 'applied', meaning: 'The device has applied the current configuration.' },
  modified: { status: 'waiting', word: 'modified', meaning: 'The configuration changed; the device has not applied it yet.' },
  error: { status: 'critical', word: 'error', meaning: 'The device could not apply the configuration and went back to the previous one.' },
  deactivating: { status: 'waiting', word: 'deactivating', meaning: 'The configuration is being removed from the device.' },
  deactivated: { status: 'off', word: 'deactivated', meaning: 'The device is deactivated and its configuration removed.' },
  unknown: { status: 'unknown', word: 'no configuration', meaning: 'The device has no configuration: it keeps what it has.' },
};

/** The status shown for a device: one without configuration is unknown, or deactivated. */
export function statusOf(device: Pick<Device, 'config' | 'is_deactivated'>): ShownStatus {
  if (device.config?.status) return device.config.status;
  return device.is_deactivated ? 'deactivated' : 'unknown';
}
