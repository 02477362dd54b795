import { addressProblems, readAddresses, writeAddresses } from './addresses';
import { items, merged, number, objects, plain, text, texts, withItem } from './parts';
import { collect, eachProblem, hasVariable, hostProblem, interfaceProblem, numberProblem, prefixProblem } from './rules';
import { task } from './task';

interface WireGuard {
  name: string;
  privateKey: string;
  addresses: string[];
  peerKey: string;
  endpoint: string;
  port: number | null;
  allowed: string[];
  keepalive: number | null;
}

function keyProblem(value: string): string | undefined {
  return /^[A-Za-z0-9+/]{43}=$/.test(value) || hasVariable(value) ? undefined : 'A key of 44 characters, ending in =';
}

export const wireguard = task<WireGuard>({
  id: 'wireguard',
  title: 'WireGuard',
  about: 'a tunnel to one server',
  intro: 'A tunnel to one WireGuard server. Give each device its own key and address by variables.',
  area: 'network',
  icon: 'shield',
  words: 'vpn tunnel client wg peer',
  blank: { name: 'wg0', privateKey: '{{ wg_private_key }}', addresses: [], peerKey: '', endpoint: '', port: 51820, allowed: [], keepalive: 25 },
  name: (values) => values.name,
  fields: [
    { name: 'privateKey', label: 'Private key of the device', kind: 'secret', help: 'A variable, so that every device has its own.' },
    { name: 'addresses', label: 'Addresses in the tunnel', kind: 'lines', placeholder: '10.8.0.2/24', help: 'With prefix, one per line.' },
    { name: 'peerKey', label: 'Public key of the server', kind: 'text' },
    { name: 'endpoint', label: 'Server', kind: 'text', placeholder: 'vpn.example.org' },
    { name: 'allowed', label: 'Networks behind it', kind: 'words', placeholder: '10.8.0.0/24', help: 'What goes through the tunnel; 0.0.0.0/0 is everything.' },
    { name: 'port', label: 'Port of the server', kind: 'number', more: true },
    { name: 'keepalive', label: 'Keep alive', kind: 'number', unit: 'seconds', more: true, help: '25 keeps the tunnel open through NAT; 0 turns it off.' },
    { name: 'name', label: 'Interface', kind: 'text', more: true },
  ],
  problems: (values) =>
    collect<keyof WireGuard>({
      name: interfaceProblem(values.name),
      privateKey: keyProblem(values.privateKey),
      addresses: addressProblems({ mode: 'static', addresses: values.addresses, gateway: '' }).addresses,
      peerKey: keyProblem(values.peerKey),
      endpoint: hostProblem(values.endpoint, 'A server'),
      allowed: values.allowed.length === 0 ? 'A network is needed' : eachProblem(values.allowed, prefixProblem),
      port: numberProblem(values.port, 1, 65535),
      keepalive: numberProblem(values.keepalive, 0, 65535),
    }),
  fromNetJSON: (config) =>
    objects(config, 'interfaces').flatMap(([index, item]) => {
      const addressing = readAddresses(item.addresses);
      const peers = objects(config, 'wireguard_peers').filter(([, peer]) => peer.interface === item.name);
      const [place, peer] = peers[0] ?? [];
      if (item.type !== 'wireguard' || addressing?.mode !== 'static' || addressing.gateway !== '' || peers.length !== 1 || !peer || place === undefined) return [];
      if (!plain(peer, ['public_key', 'endpoint_host'])) return [];
      return [
        {
          values: {
            name: text(item, 'name'),
            privateKey: text(item, 'private_key'),
            addresses: addressing.addresses,
            peerKey: text(peer, 'public_key'),
            endpoint: text(peer, 'endpoint_host'),
            port: number(peer, 'endpoint_port', 51820),
            allowed: texts(peer, 'allowed_ips'),
            keepalive: number(peer, 'persistent_keepalive', 0),
          },
          at: { interfaces: [index], wireguard_peers: [place] },
        },
      ];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.interfaces?.[0];
    const place = at?.wireguard_peers?.[0];
    const old = index === undefined ? undefined : (items(config, 'interfaces')[index] as Record<string, unknown> | undefined);
    const peer = place === undefined ? undefined : items(config, 'wireguard_peers')[place];
    const tunnel = withItem(
      config,
      'interfaces',
      index,
      merged(old, {
        type: 'wireguard',
        name: values.name,
        private_key: values.privateKey,
        addresses: writeAddresses({ mode: 'static', addresses: values.addresses, gateway: '' }, old?.addresses),
      }),
    );
    return withItem(
      tunnel,
      'wireguard_peers',
      place,
      merged(peer, {
        interface: values.name,
        public_key: values.peerKey,
        allowed_ips: values.allowed,
        endpoint_host: values.endpoint,
        endpoint_port: values.port ?? 51820,
        persistent_keepalive: values.keepalive ?? 0,
        route_allowed_ips: (peer as Record<string, unknown> | undefined)?.route_allowed_ips ?? true,
      }),
    );
  },
});
