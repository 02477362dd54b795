// The three checksums of a device as the thread's nodes.
import type { Agreement } from '../../design/Thread';
import type { Device } from '../types';
import { statusOf } from './status';

/** How served and reported stand to what is desired. */
export function agreements(device: Device): { served: Agreement; reported: Agreement } {
  const { desired, served, reported } = device.checksums ?? {};
  const awaited = ['modified', 'deactivating'].includes(statusOf(device));
  const failed = statusOf(device) === 'error';
  return {
    served: !served ? (awaited ? 'awaited' : 'never') : served === desired ? 'same' : awaited ? 'awaited' : 'other',
    reported: !reported ? (failed ? 'other' : awaited ? 'awaited' : 'never') : reported === desired && !failed ? 'same' : failed ? 'other' : awaited ? 'awaited' : 'other',
  };
}
