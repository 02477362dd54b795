// A guest Wi-Fi is several things that only together keep guests out of the rest.
import type { JSONObject } from '../../api/types';
import { isObject, same } from './json';
import { items, merged, objects, text, withItems } from './parts';
import { sections } from './packages';
import { collect, prefixProblem } from './rules';
import { type Place, task } from './task';
import { hasPassword, passwordProblem, type Security, securityChoices, securityHelp, ssidProblem } from './wireless';
import { blank as plainWiFi, networks, writeInterfaces } from './wifi';

interface Guest {
  ssid: string;
  security: Security;
  password: string;
  address: string;
}

const network = 'guest';

/** Every firewall section a guest network needs: out to the internet, and of the device only addresses and names. */
const firewall: JSONObject[] = [
  { config_name: 'zone', config_value: 'guest', name: 'guest', network: [network], input: 'REJECT', output: 'ACCEPT', forward: 'REJECT' },
  { config_name: 'forwarding', config_value: 'guest_wan', src: 'guest', dest: 'wan' },
  { config_name: 'rule', config_value: 'guest_dhcp', name: 'Guests get addresses', src: 'guest', proto: ['udp'], dest_port: '67', target: 'ACCEPT' },
  { config_name: 'rule', config_value: 'guest_dns', name: 'Guests ask for names', src: 'guest', proto: ['tcp', 'udp'], dest_port: '53', target: 'ACCEPT' },
];

const pool: JSONObject = { config_name: 'dhcp', config_value: 'guest', interface: network, start: '100', limit: '150', leasetime: '1h' };

/** The parts of a guest network in a document; undefined when one is missing or says something else. */
function parts(config: JSONObject) {
  const wifi = networks(config).filter(({ values }) => values.network === network && values.isolate && values.security !== 'enterprise');
  const bridge = objects(config, 'interfaces').find(([, item]) => item.type === 'bridge' && item.network === network);
  const lease = sections(config, 'dhcp', 'dhcp').find(([, item]) => item.interface === network);
  const walls = firewall.map((wanted) => objects(config, 'firewall').find(([, item]) => item.config_name === wanted.config_name && item.config_value === wanted.config_value && includes(item, wanted)));
  const [first] = wifi;
  const [bridgeAt, bridgeItem] = bridge ?? [];
  if (wifi.length !== 1 || !first || bridgeAt === undefined || !bridgeItem || !lease || walls.includes(undefined)) return undefined;
  const [address, more] = objects(bridgeItem, 'addresses').map(([, item]) => item);
  if (!address || more || address.proto !== 'static' || typeof address.mask !== 'number') return undefined;
  const at = { interfaces: [...(first.at.interfaces ?? []), bridgeAt], dhcp: [lease[0]], firewall: walls.map((wall) => wall?.[0] ?? -1) };
  return { wifi: first, bridge: [bridgeAt, bridgeItem] as const, address: `${text(address, 'address')}/${address.mask}`, at };
}

function includes(item: JSONObject, wanted: JSONObject): boolean {
  return Object.entries(wanted).every(([key, value]) => same(item[key], value));
}

export const guest = task<Guest>({
  id: 'guest',
  title: 'Guest Wi-Fi',
  about: 'internet only, kept apart',
  intro: 'A Wi-Fi with a network of its own: guests reach the internet, and neither one another nor anything else.',
  area: 'wireless',
  icon: 'user-round-check',
  words: 'visitor hotspot isolated firewall captive public',
  blank: { ssid: '', security: 'mixed', password: '', address: '192.168.30.1/24' },
  name: (values) => values.ssid,
  fields: [
    { name: 'ssid', label: 'Name people see', kind: 'text', max: 32 },
    {
      name: 'security',
      label: 'Security',
      kind: 'choice',
      choices: [...securityChoices.filter(({ value }) => value !== 'enterprise'), { value: 'owe', label: 'Enhanced open' }],
      help: (values) => securityHelp(values.security),
    },
    { name: 'password', label: 'Password', kind: 'secret', when: (values) => hasPassword(values.security) },
    { name: 'address', label: 'Network of the guests', kind: 'text', help: 'The device’s own address with the prefix. It gives out 150 addresses of this network.' },
  ],
  problems: (values) =>
    collect<keyof Guest>({
      ssid: ssidProblem(values.ssid),
      password: hasPassword(values.security) ? passwordProblem(values.password) : undefined,
      address: prefixProblem(values.address),
    }),
  fromNetJSON: (config) => {
    const found = parts(config);
    if (!found) return [];
    const { ssid, security, password } = found.wifi.values;
    return [{ values: { ssid, security, password, address: found.address }, at: found.at }];
  },
  toNetJSON: (config, values, at?: Place) => {
    const before = at ? parts(config) : undefined;
    const wireless = { ...(before?.wifi.values ?? { ...plainWiFi, network, isolate: true }), ssid: values.ssid, security: values.security, password: values.password };
    const old = before?.bridge[1];
    const oldAddress = old ? objects(old, 'addresses')[0]?.[1] : undefined;
    const [address = '', mask = ''] = values.address.split('/');
    const bridge = merged(old, {
      type: 'bridge',
      name: old?.name ?? 'br-guest',
      network,
      bridge_members: old?.bridge_members ?? [],
      addresses: [{ ...oldAddress, proto: 'static', family: 'ipv4', address, mask: Number(mask) }],
    });
    let next = withItems(config, 'interfaces', before ? [before.bridge[0]] : [], [bridge]);
    next = writeInterfaces(next, wireless, before?.wifi.at.interfaces ?? []);
    if (before) return next;
    // what is there under these names is the author's: it is written over, as the device would do
    next = { ...next, dhcp: [...items(next, 'dhcp').filter((item) => !named(item, 'guest')), pool] };
    const names = firewall.map((section) => section.config_value);
    return { ...next, firewall: [...items(next, 'firewall').filter((item) => !isObject(item) || !names.includes(item.config_value)), ...firewall] };
  },
});

function named(item: unknown, name: string): boolean {
  return isObject(item) && item.config_value === name;
}
