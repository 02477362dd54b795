import { Create } from 'react-admin';
import type { Device } from '../types';
import { DeviceForm } from './DeviceForm';

/** The body of a creation: without a configuration the key is left out, not null. */
export function newDeviceBody({ config, key, management_ip, group, ...rest }: Partial<Device>): Record<string, unknown> {
  return {
    ...rest,
    ...(key ? { key } : {}),
    ...(management_ip ? { management_ip } : {}),
    ...(group ? { group } : {}),
    ...(config
      ? { config: { backend: config.backend, templates: config.templates ?? [], context: config.context ?? {}, config: config.config ?? {} } }
      : {}),
  };
}

/** The page that adds a device. */
export default function DeviceCreate() {
  return (
    <Create redirect="edit" transform={newDeviceBody}>
      <DeviceForm create />
    </Create>
  );
}
