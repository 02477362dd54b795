// What is sent of a device's form.
import type { Device } from '../types';

/** Only what the API takes back; the status and checksums are the server's. */
export function changedDevice(data: Partial<Device>, { previousData }: { previousData?: Partial<Device> } = {}): Partial<Device> {
  const { checksums: _checksums, last_ip: _ip, is_deactivated: _state, created: _created, modified: _modified, config, ...rest } = data;
  if (!config || JSON.stringify(config) === JSON.stringify(previousData?.config)) return rest as Partial<Device>;
  const { backend, templates, context, config: netjson } = config;
  return { ...rest, config: { backend, templates: templates ?? [], context: context ?? {}, config: netjson ?? {} } };
}

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
