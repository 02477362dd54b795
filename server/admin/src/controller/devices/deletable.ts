import type { Device } from '../types';
import { statusOf } from './status';

/** Whether a device can be deleted without force. */
export function deletable(device: Device): boolean {
  return Boolean(device.is_deactivated ?? statusOf(device) === 'deactivated') && ['deactivated', 'unknown'].includes(statusOf(device));
}

/** A number of devices in words. */
export function devicesOf(count: number): string {
  return count === 1 ? '1 device' : `${count.toLocaleString()} devices`;
}
