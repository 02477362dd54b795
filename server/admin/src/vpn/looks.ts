// How servers and clients are shown in a word.
import type { DeviceCertificate, VPN, VPNClient } from './types';

type Look = { status: 'ok' | 'problem' | 'critical' | 'unknown' | 'off'; word: string; title?: string };

const late = 5 * 60_000;

/** How a server is. */
export function serverLook({ status, trouble, clients }: Pick<VPN, 'status' | 'trouble' | 'clients'>, now = Date.now()): Look {
  if (trouble) return { status: 'critical', word: 'Cannot be told', title: trouble };
  if (!status) return { status: 'unknown', word: 'Never reported' };
  if (status.state === 'failed') return { status: 'critical', word: 'Failed', title: status.reason };
  if (now - Date.parse(status.reported) > late) return { status: 'problem', word: 'Silent' };
  return { status: 'ok', word: `${status.connected.toLocaleString()} of ${clients.toLocaleString()} connected` };
}

/** How a client is. */
export function clientLook({ connection }: Pick<VPNClient, 'connection'>): Look {
  if (!connection) return { status: 'unknown', word: 'Never connected' };
  return connection.connected ? { status: 'ok', word: 'Connected' } : { status: 'off', word: 'Not connected' };
}

/** How a certificate of a device is. */
export function certificateLook({ cert, revoked, validity_end }: Pick<DeviceCertificate, 'cert' | 'revoked' | 'validity_end'>, now = Date.now()): Look {
  if (cert === null) return { status: 'unknown', word: 'Not made automatically' };
  if (revoked) return { status: 'critical', word: 'Revoked' };
  if (validity_end && Date.parse(validity_end) <= now) return { status: 'critical', word: 'Expired' };
  return { status: 'ok', word: 'Valid' };
}

/** Bytes as people read them. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let n = bytes;
  let unit = 0;
  while (n >= 1000 && unit < units.length - 1) {
    n /= 1000;
    unit += 1;
  }
  return `${unit === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[unit]}`;
}

const path = 'openwisp_controller.vpn_backends.';

/** The types of servers, with what a new one is configured with. */
export const backends = [
  { id: `${path}Wireguard`, name: 'WireGuard', config: { wireguard: [{ name: 'wg0', port: 51820 }] } },
  { id: `${path}VxlanWireguard`, name: 'VXLAN over WireGuard', config: { wireguard: [{ name: 'wgvxlan', port: 51830 }], vxlan: [{ name: 'vxlan' }] } },
  {
    id: `${path}OpenVpn`,
    name: 'OpenVPN',
    config: {
      openvpn: [
        {
          name: 'vpn', mode: 'server', proto: 'udp', port: 1194, dev: 'tun0', dev_type: 'tun', topology: 'subnet', server: '10.8.0.0 255.255.255.0',
          ca: 'ca.pem', cert: 'cert.pem', key: 'key.pem', dh: 'dh.pem', tls_server: true, keepalive: '10 60',
        },
      ],
    },
  },
  { id: `${path}ZeroTier`, name: 'ZeroTier', config: { zerotier: [{ private: true }] } },
];

/** The name of a type. */
export function backendName(id: string): string {
  return backends.find((backend) => backend.id === id)?.name ?? id;
}
