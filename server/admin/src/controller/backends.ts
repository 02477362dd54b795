// The names people know configuration backends by. The API speaks of their paths.
import type { DeviceConfig, Schemas } from './types';

const known: Record<string, string> = {
  'netjsonconfig.OpenWrt': 'OpenWrt',
  'netjsonconfig.OpenWisp': 'OpenWISP Firmware 1.x',
};

/** The choices of device and template backends. */
export const backends = Object.entries(known).map(([id, name]) => ({ id, name }));

/** The backend a new configuration starts with. */
export const defaultBackend = backends[0].id;

/** The configuration a device begins with. */
export const emptyConfig: DeviceConfig = { backend: defaultBackend, templates: [], context: {}, config: {} };

/** The name of a backend; its path when it is one the admin doesn't know. */
export function backendLabel(path: string | undefined): string {
  return path ? (known[path] ?? path) : '–';
}

/** The choices out of the server's schema document: known ones first, VPN backends left out. */
export function backendChoices(schemas: Schemas | undefined): { id: string; name: string }[] {
  if (!schemas) return backends;
  const others = Object.keys(schemas).filter((path) => !(path in known) && !path.includes('vpn_backends'));
  return [
    ...backends.filter(({ id }) => id in schemas),
    ...others.map((id) => ({ id, name: id })),
  ];
}
