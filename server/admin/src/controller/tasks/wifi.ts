import type { JSONObject } from '../../api/types';
import { isObject, same } from './json';
import { items, merged, plain, text, texts, withItems } from './parts';
import { collect, hasVariable, hostProblem, networkProblem, numberProblem } from './rules';
import { type Found, type Place, task } from './task';
import {
  encryption,
  hasPassword,
  interfaceName,
  passwordProblem,
  radioChoices,
  type Security,
  securityChoices,
  securityHelp,
  securityOf,
  ssidProblem,
  wirelessOf,
} from './wireless';

export interface WiFi {
  ssid: string;
  security: Security;
  password: string;
  server: string;
  secret: string;
  network: string;
  /** Names of radios, with spaces between. */
  radios: string;
  isolate: boolean;
  hidden: boolean;
  roaming: boolean;
  /** The version of Enterprise. */
  enterprise: string;
  port: number | null;
}

/** The object of encryption the answers ask for. */
function encryptionOf(values: WiFi, before: unknown): JSONObject {
  if (values.security !== 'enterprise') return encryption(values.security, values.password, before);
  const kept = securityOf(before) === 'enterprise' && isObject(before) && before.protocol === values.enterprise ? before : {};
  const strict = values.enterprise === 'wpa3_enterprise' ? { cipher: 'ccmp', ieee80211w: '2' } : {};
  const mixed = values.enterprise === 'wpa2_enterprise_mixed' ? { cipher: 'ccmp', ieee80211w: kept.ieee80211w ?? '1' } : {};
  return { ...kept, protocol: values.enterprise, server: values.server, key: values.secret, port: values.port ?? 1812, ...strict, ...mixed };
}

/** The answers of one access point; undefined when they cannot show it. */
export function read(item: JSONObject, wireless: JSONObject): WiFi | undefined {
  const security = securityOf(wireless.encryption);
  if (!security || typeof wireless.ssid !== 'string' || typeof wireless.radio !== 'string') return undefined;
  if (item.addresses !== undefined && items(item, 'addresses').length > 0) return undefined;
  const networks = texts(wireless, 'network');
  const cipher = isObject(wireless.encryption) ? wireless.encryption : {};
  if (networks.length > 1 || !plain(cipher, ['server', 'key', 'port'])) return undefined;
  const enterprise = security === 'enterprise';
  return {
    ssid: wireless.ssid,
    security,
    password: hasPassword(security) ? text(cipher, 'key') : '',
    server: enterprise ? text(cipher, 'server') : '',
    secret: enterprise ? text(cipher, 'key') : '',
    network: networks[0] ?? '',
    radios: wireless.radio,
    isolate: wireless.isolate === true,
    hidden: wireless.hidden === true,
    roaming: wireless.ieee80211r === true,
    enterprise: enterprise ? text(cipher, 'protocol') : blank.enterprise,
    port: enterprise && typeof cipher.port === 'number' ? cipher.port : blank.port,
  };
}

export const blank: WiFi = {
  ssid: '',
  security: 'mixed',
  password: '',
  server: '',
  secret: '',
  network: 'lan',
  radios: 'radio0 radio1',
  isolate: false,
  hidden: false,
  roaming: false,
  enterprise: 'wpa2_enterprise',
  port: 1812,
};

/** Puts the interfaces of one network on its radios in their places. */
export function writeInterfaces(config: JSONObject, values: WiFi, at: number[]): JSONObject {
  const before = at.map((index) => items(config, 'interfaces')[index]).filter(isObject);
  // names are chosen beside those of all other interfaces
  let others = withItems(config, 'interfaces', at, []);
  const next = values.radios.split(/\s+/).filter(Boolean).map((radio) => {
    const old = before.find((item) => isObject(item.wireless) && item.wireless.radio === radio);
    const wireless = isObject(old?.wireless) ? old.wireless : {};
    const flag = (key: string, on: boolean) => (on ? true : wireless[key] === false ? false : undefined);
    const item = merged(old, {
      type: 'wireless',
      name: old?.name ?? interfaceName('', values.ssid, radio, others),
      wireless: merged(wireless, {
        mode: 'access_point',
        radio,
        ssid: values.ssid,
        network: values.network === '' ? undefined : [values.network],
        isolate: flag('isolate', values.isolate),
        hidden: flag('hidden', values.hidden),
        ieee80211r: flag('ieee80211r', values.roaming),
        encryption: encryptionOf(values, wireless.encryption),
      }),
    });
    others = { ...others, interfaces: [...items(others, 'interfaces'), item] };
    return item;
  });
  return withItems(config, 'interfaces', at, next);
}

/** The networks of a document: access points with equal answers are one network on several radios. */
export function networks(config: JSONObject): Found<WiFi>[] {
  const found: Found<WiFi>[] = [];
  for (const [index, item, wireless] of wirelessOf(config, 'access_point')) {
    const values = read(item, wireless);
    if (!values) continue;
    const known = found.find(
      (one) => same({ ...one.values, radios: '' }, { ...values, radios: '' }) && !one.values.radios.split(' ').includes(values.radios),
    );
    if (known) {
      known.values.radios += ` ${values.radios}`;
      known.at.interfaces.push(index);
    } else found.push({ values, at: { interfaces: [index] } });
  }
  return found;
}

export function problems(values: WiFi) {
  const enterprise = values.security === 'enterprise';
  return collect<keyof WiFi>({
    ssid: ssidProblem(values.ssid),
    password: hasPassword(values.security) ? passwordProblem(values.password) : undefined,
    server: enterprise ? hostProblem(values.server, 'A server') : undefined,
    secret: enterprise && values.secret.length < 4 && !hasVariable(values.secret) ? `At least 4 characters, now ${values.secret.length}` : undefined,
    port: enterprise ? numberProblem(values.port, 1, 65535) : undefined,
    network: networkProblem(values.network),
    radios: values.radios.trim() === '' ? 'At least one radio is needed' : undefined,
  });
}

export const wifi = task<WiFi>({
  id: 'wifi',
  title: 'Wi-Fi network',
  about: 'a name people connect to',
  intro: 'Four answers. Each device gets it on every radio chosen.',
  area: 'wireless',
  icon: 'wifi',
  words: 'ssid wlan wpa wpa2 wpa3 enterprise radius access point hotspot',
  blank,
  name: (values) => values.ssid,
  fields: [
    { name: 'ssid', label: 'Name people see', kind: 'text', max: 32 },
    { name: 'security', label: 'Security', kind: 'choice', choices: securityChoices, help: (values) => securityHelp(values.security) },
    { name: 'password', label: 'Password', kind: 'secret', when: (values) => hasPassword(values.security), help: 'Or a variable, such as {{ wifi_password }}.' },
    { name: 'server', label: 'RADIUS server', kind: 'text', when: (values) => values.security === 'enterprise' },
    { name: 'secret', label: 'Shared secret', kind: 'secret', when: (values) => values.security === 'enterprise' },
    { name: 'network', label: 'Network of the clients', kind: 'text', help: 'The network of the device that people get into: lan, or one made by another template.' },
    { name: 'radios', label: 'Radios', kind: 'choice', choices: radioChoices, more: true, help: 'Most devices have radio0 and radio1. One that a device lacks is left out by it, one that is off stays off.' },
    { name: 'isolate', label: 'Clients kept apart', kind: 'switch', more: true, help: 'Devices of this Wi-Fi cannot reach one another.' },
    { name: 'hidden', label: 'Name hidden', kind: 'switch', more: true },
    { name: 'roaming', label: 'Fast roaming (802.11r)', kind: 'switch', more: true },
    {
      name: 'enterprise',
      label: 'Enterprise version',
      kind: 'choice',
      more: true,
      when: (values) => values.security === 'enterprise',
      choices: [
        { value: 'wpa2_enterprise', label: 'WPA2' },
        { value: 'wpa2_enterprise_mixed', label: 'WPA2 and WPA3' },
        { value: 'wpa3_enterprise', label: 'WPA3' },
      ],
    },
    { name: 'port', label: 'RADIUS port', kind: 'number', more: true, when: (values) => values.security === 'enterprise' },
  ],
  problems,
  fromNetJSON: networks,
  toNetJSON: (config: JSONObject, values: WiFi, at?: Place) => writeInterfaces(config, values, at?.interfaces ?? []),
});
