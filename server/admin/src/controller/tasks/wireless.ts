// What the wireless tasks share: names of interfaces, and encryption as one choice.
import type { JSONObject } from '../../api/types';
import { isObject } from './json';
import { objects, text } from './parts';
import { hasVariable, sized } from './rules';
import type { Choice } from './task';

/** The radios of an OpenWrt device by their usual names. */
export const radioChoices: Choice[] = [
  { value: 'radio0 radio1', label: 'Both' },
  { value: 'radio0', label: 'radio0' },
  { value: 'radio1', label: 'radio1' },
  { value: 'radio0 radio1 radio2', label: 'All three' },
];

/** How people get in. */
export type Security = 'open' | 'owe' | 'wpa2' | 'mixed' | 'wpa3' | 'enterprise';

/** Whether this kind of security has one password for all. */
export function hasPassword(security: Security): boolean {
  return security === 'wpa2' || security === 'mixed' || security === 'wpa3';
}

export const securityChoices: Choice[] = [
  { value: 'open', label: 'Open' },
  { value: 'wpa2', label: 'WPA2' },
  { value: 'mixed', label: 'WPA2 and WPA3' },
  { value: 'wpa3', label: 'WPA3' },
  { value: 'enterprise', label: 'Enterprise' },
];

/** What a choice means for the people who connect. */
export function securityHelp(security: Security): string {
  switch (security) {
    case 'open':
      return 'Nobody needs a password, and everybody nearby can read what is sent.';
    case 'owe':
      return 'No password, yet encrypted. Older phones cannot connect.';
    case 'wpa2':
      return 'Fits every device of the last 15 years.';
    case 'mixed':
      return 'New devices use WPA3, older ones WPA2.';
    case 'wpa3':
      return 'The safest with one password. Devices from before 2019 cannot connect.';
    case 'enterprise':
      return 'Everybody has an account of their own, checked by a RADIUS server.';
  }
}

/** The keys of an encryption object that securityOf reads and encryption writes. */
const known = ['protocol', 'key', 'cipher', 'ieee80211w'];

/** The NetJSON of a choice with one password or none, over what was there. */
export function encryption(security: Security, password: string, before: unknown): JSONObject {
  const kept: JSONObject = {};
  // what belongs to another protocol is not carried over to this one
  if (isObject(before) && securityOf(before) === security) Object.assign(kept, before);
  else if (isObject(before)) for (const [key, value] of Object.entries(before)) if (!protocolKeys.has(key)) kept[key] = value;
  switch (security) {
    case 'open':
      return { ...kept, protocol: 'none' };
    case 'owe':
      return { ...kept, protocol: 'owe', ieee80211w: '2' };
    case 'wpa2':
      return { ...kept, protocol: 'wpa2_personal', key: password, cipher: kept.cipher ?? 'ccmp' };
    case 'mixed':
      return { ...kept, protocol: 'wpa2_personal_mixed', key: password, cipher: 'ccmp', ieee80211w: kept.ieee80211w ?? '1' };
    default:
      return { ...kept, protocol: 'wpa3_personal', key: password, cipher: 'ccmp', ieee80211w: '2' };
  }
}

const protocolKeys = new Set([...known, 'server', 'port', 'acct_server', 'acct_server_port', 'acct_secret', 'acct_interval', 'dae_client', 'dae_port', 'dae_secret', 'nasid', 'wps_pushbutton', 'wps_label', 'wps_pin', 'disabled']);

/** The choice an encryption object stands for; undefined when it is none of them. */
export function securityOf(value: unknown): Security | undefined {
  if (value === undefined) return 'open';
  if (!isObject(value) || value.disabled === true) return undefined;
  switch (value.protocol) {
    case 'none':
      return 'open';
    case 'owe':
      return 'owe';
    case 'wpa2_personal':
      return typeof value.key === 'string' ? 'wpa2' : undefined;
    case 'wpa2_personal_mixed':
      return typeof value.key === 'string' ? 'mixed' : undefined;
    case 'wpa3_personal':
      return typeof value.key === 'string' ? 'wpa3' : undefined;
    case 'wpa2_enterprise':
    case 'wpa2_enterprise_mixed':
    case 'wpa3_enterprise':
      return 'enterprise';
  }
  return undefined;
}

/** A name of a Wi-Fi network, as devices take it. */
export function ssidProblem(ssid: string): string | undefined {
  if (ssid === '') return 'A name is needed';
  return hasVariable(ssid) ? undefined : sized(ssid, 1, 32);
}

/** A password for all. A text of 64 hexadecimal digits is the key itself. */
export function passwordProblem(password: string): string | undefined {
  if (password === '') return 'A password is needed';
  return /^[0-9A-Fa-f]{64}$/.test(password) ? undefined : sized(password, 8, 63);
}

/**
 * The name of the interface of a network on a radio, such as "scuola-osp5f2k-0". It follows from the network's name, so
 * that two templates with different networks never write over one another: interfaces of equal names are merged.
 */
export function interfaceName(prefix: string, name: string, radio: string, config: JSONObject): string {
  const suffix = `-${/\d+$/.exec(radio)?.[0] ?? radio.slice(-1)}`;
  const most = 15 - suffix.length;
  let stem = prefix + (name.normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'wifi');
  const lossy = stem !== prefix + name;
  if (lossy || stem.length > most) stem = stem.slice(0, most - 4).replace(/-+$/, '') + digest(name);
  const taken = new Set(objects(config, 'interfaces').map(([, item]) => text(item, 'name')));
  for (let n = 0; ; n++) {
    const tried = (n === 0 ? stem : stem.slice(0, most - 1 - String(n).length) + n) + suffix;
    if (!taken.has(tried)) return tried;
  }
}

/** Four letters and digits that differ for different texts, mostly. */
function digest(value: string): string {
  let hash = 5381;
  for (const unit of new TextEncoder().encode(value)) hash = (hash * 33 + unit) % 1679616; // 36^4
  return hash.toString(36).padStart(4, '0');
}

/** A wireless interface of a mode with its index, and its wireless object. */
export function wirelessOf(config: JSONObject, mode: string): [number, JSONObject, JSONObject][] {
  return objects(config, 'interfaces').flatMap(([index, item]) =>
    item.type === 'wireless' && isObject(item.wireless) && item.wireless.mode === mode
      ? [[index, item, item.wireless] as [number, JSONObject, JSONObject]]
      : [],
  );
}
