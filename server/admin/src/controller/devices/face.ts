// What a configuration makes of a device's ports, radios and networks, for the picture of it.
import type { JSONObject } from '../../api/types';
import { isObject } from '../editor/values';

/** A socket for a cable, as far as the configuration names it. */
export interface Port {
  name: string;
  /** The logical networks it belongs to. */
  networks: string[];
  uplink: boolean;
  /** What it does: "DHCP", "10.0.0.1/24", "in lan". */
  note: string;
  off: boolean;
}

/** A Wi-Fi network on a radio. */
export interface SSID {
  name: string;
  security: string;
  network: string;
  hidden: boolean;
}

export interface Radio {
  name: string;
  /** "2.4 GHz", when it is known. */
  band: string;
  /** "channel 44, 80 MHz, 18 dBm". */
  note: string;
  off: boolean;
  networks: SSID[];
}

export interface Face {
  ports: Port[];
  radios: Radio[];
}

function list(value: unknown): JSONObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

const bands: Record<string, string> = { '2g': '2.4 GHz', '5g': '5 GHz', '6g': '6 GHz', '60g': '60 GHz' };

function bandOf(radio: JSONObject): string {
  const named = bands[text(radio.band)] ?? bands[{ '11g': '2g', '11b': '2g', '11a': '5g' }[text(radio.hwmode)] ?? ''];
  if (named) return named;
  if (['802.11ac', '802.11a'].includes(text(radio.protocol))) return '5 GHz';
  if (['802.11b', '802.11g'].includes(text(radio.protocol))) return '2.4 GHz';
  const channel = Number(radio.channel);
  return channel >= 1 && channel <= 13 ? '2.4 GHz' : channel >= 36 ? '5 GHz' : '';
}

function securityOf(value: unknown): string {
  const protocol = isObject(value) && value.disabled !== true ? text(value.protocol) : 'none';
  if (protocol === '' || protocol === 'none') return 'open';
  if (protocol.startsWith('wpa3_enterprise')) return 'WPA3 Enterprise';
  if (protocol.includes('enterprise')) return 'WPA2 Enterprise';
  if (protocol === 'wpa2_personal_mixed') return 'WPA2 and WPA3';
  if (protocol.startsWith('wpa3')) return 'WPA3';
  if (protocol.startsWith('wpa2')) return 'WPA2';
  return protocol.split('_')[0]?.toUpperCase() ?? protocol;
}

function addressesOf(item: JSONObject): string {
  const notes = list(item.addresses).map((address) => (address.proto === 'dhcp' ? 'DHCP' : `${text(address.address)}/${text(address.mask)}`));
  if (item.type === 'dialup') notes.push(text(item.proto).toUpperCase());
  return notes.join(', ');
}

/** A port without the number of a VLAN: eth0.30 is eth0. */
function base(name: string): string {
  return name.replace(/\.\d+$/, '');
}

/** The face of a configuration: sockets in the order of their names, radios with the networks on them. */
export function faceOf(config: JSONObject): Face {
  const interfaces = list(config.interfaces);
  const ports = new Map<string, Port>();
  const port = (name: string): Port => {
    const key = base(name);
    const found = ports.get(key) ?? { name: key, networks: [], uplink: false, note: '', off: false };
    ports.set(key, found);
    return found;
  };
  const join = (found: Port, network: string) => {
    if (network !== '' && !found.networks.includes(network)) found.networks.push(network);
    if (/^wan/.test(network)) found.uplink = true;
  };
  const wireless = new Set(interfaces.filter((item) => item.type === 'wireless').map((item) => text(item.name)));
  const bridges = new Map<string, string>();
  for (const item of interfaces) {
    const network = text(item.network) || text(item.name);
    if (item.type === 'bridge') {
      for (const member of Array.isArray(item.bridge_members) ? item.bridge_members : []) {
        if (typeof member !== 'string') continue;
        bridges.set(member, network);
        if (!wireless.has(member)) join(port(member), network);
      }
    } else if (['ethernet', 'dialup', '8021q', '8021ad', 'modem-manager'].includes(text(item.type)) && text(item.name) !== '') {
      const found = port(text(item.name));
      join(found, network);
      found.note = [found.note, addressesOf(item)].filter(Boolean).join(', ');
      if (item.disabled === true && item.type === 'ethernet') found.off = true;
    }
  }
  const radios = new Map<string, Radio>();
  for (const radio of list(config.radios)) {
    const channel = Number(radio.channel);
    const note = [
      radio.channel === undefined ? '' : channel === 0 ? 'automatic channel' : `channel ${text(radio.channel)}`,
      radio.channel_width === undefined ? '' : `${text(radio.channel_width)} MHz`,
      radio.tx_power === undefined ? '' : `${text(radio.tx_power)} dBm`,
    ];
    radios.set(text(radio.name), { name: text(radio.name), band: bandOf(radio), note: note.filter(Boolean).join(', '), off: radio.disabled === true, networks: [] });
  }
  for (const item of interfaces) {
    if (item.type !== 'wireless' || !isObject(item.wireless)) continue;
    const settings = item.wireless;
    const name = text(settings.radio);
    const radio = radios.get(name) ?? { name, band: '', note: '', off: false, networks: [] };
    radios.set(name, radio);
    const attached = Array.isArray(settings.network) ? settings.network.join(', ') : '';
    radio.networks.push({
      name: text(settings.ssid) || text(settings.mesh_id) || text(settings.mode),
      security: securityOf(settings.encryption),
      network: attached || (bridges.get(text(item.name)) ?? ''),
      hidden: settings.hidden === true,
    });
  }
  const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name, 'en', { numeric: true });
  return { ports: [...ports.values()].sort(byName), radios: [...radios.values()].sort(byName) };
}

/** The configurations of templates and the device, later ones over earlier ones, as far as the picture needs it. */
export function layered(configs: JSONObject[]): JSONObject {
  const out: Record<string, JSONObject[]> = { interfaces: [], radios: [] };
  for (const config of configs) {
    for (const key of ['interfaces', 'radios']) {
      for (const item of list(config[key])) {
        const known = out[key]?.find((one) => one.name !== undefined && one.name === item.name && (one.type === undefined || item.type === undefined || one.type === item.type) && one.vid === item.vid);
        if (known) Object.assign(known, over(known, item));
        else out[key]?.push({ ...item });
      }
    }
  }
  return out;
}

/** Objects within objects are laid over one another, lists are joined. */
function over(lower: JSONObject, upper: JSONObject): JSONObject {
  const next: JSONObject = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    const before = next[key];
    if (isObject(before) && isObject(value)) next[key] = over(before, value);
    else if (Array.isArray(before) && Array.isArray(value)) next[key] = [...before, ...value.filter((item) => !before.some((one) => JSON.stringify(one) === JSON.stringify(item)))];
    else next[key] = value;
  }
  return next;
}
