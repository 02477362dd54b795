import { useRecordContext } from 'react-admin';
import { useMayChange } from '../../forms/FormParts';
import type { Device } from '../types';

/** Whether the fields of the page's device cannot be changed. */
export function useLocked(): boolean {
  const device = useRecordContext<Device>();
  const change = useMayChange('devices');
  return !change || (device?.is_deactivated ?? false);
}
