// Addresses of an interface as answers: none, by DHCP, or static ones written as 10.0.0.1/24.
import type { JSONObject } from '../../api/types';
import { isObject } from './json';
import { isIPv6, prefixProblem, eachProblem, addressProblem } from './rules';
import { text } from './parts';
import type { Choice, Field } from './task';

export interface Addressing {
  /** 'none', 'dhcp' or 'static'. */
  mode: string;
  /** Each with its prefix. */
  addresses: string[];
  gateway: string;
}

export const addressingModes: Choice[] = [
  { value: 'none', label: 'None' },
  { value: 'dhcp', label: 'DHCP' },
  { value: 'static', label: 'Static' },
];

export const noAddress: Addressing = { mode: 'none', addresses: [], gateway: '' };

/** The fields of addressing; the third one only where it makes sense. */
export function addressFields<V extends Addressing>(gateway: boolean): Field<V>[] {
  const fields: Field<V>[] = [
    { name: 'mode', label: 'Address of the device in it', kind: 'choice', choices: addressingModes },
    { name: 'addresses', label: 'Addresses', kind: 'lines', when: (values) => values.mode === 'static', placeholder: '192.168.1.1/24', help: 'With prefix, one per line.' },
  ];
  if (gateway) fields.push({ name: 'gateway', label: 'Gateway', kind: 'text', optional: true, when: (values) => values.mode === 'static', more: true });
  return fields;
}

export function addressProblems(values: Addressing) {
  const fixed = values.mode === 'static';
  return {
    addresses: !fixed ? undefined : values.addresses.length === 0 ? 'An address is needed' : eachProblem(values.addresses, prefixProblem),
    gateway: fixed && values.gateway !== '' ? addressProblem(values.gateway) : undefined,
  };
}

/** The answers a list of NetJSON addresses stands for; undefined when they cannot show it. */
export function readAddresses(value: unknown): Addressing | undefined {
  if (value === undefined) return { ...noAddress };
  if (!Array.isArray(value) || !value.every(isObject)) return undefined;
  const list = value as JSONObject[];
  if (list.length === 0) return { ...noAddress };
  if (list.length === 1 && list[0]?.proto === 'dhcp' && list[0].family === 'ipv4') return { ...noAddress, mode: 'dhcp' };
  const addresses: string[] = [];
  const gateways: string[] = [];
  for (const item of list) {
    if (item.proto !== 'static' || typeof item.address !== 'string' || typeof item.mask !== 'number') return undefined;
    addresses.push(`${item.address}/${item.mask}`);
    if (item.gateway) gateways.push(text(item, 'gateway'));
  }
  return gateways.length > 1 ? undefined : { mode: 'static', addresses, gateway: gateways[0] ?? '' };
}

/** The NetJSON of the answers; objects of addresses that stay keep what else they hold. */
export function writeAddresses(values: Addressing, before: unknown): JSONObject[] | undefined {
  const had = Array.isArray(before) ? before.filter(isObject) : [];
  if (values.mode === 'none') return Array.isArray(before) ? [] : undefined;
  if (values.mode === 'dhcp') return [had.find((item) => item.proto === 'dhcp' && item.family === 'ipv4') ?? { proto: 'dhcp', family: 'ipv4' }];
  // a gateway belongs to the first address of its kind
  const owner = values.addresses.findIndex((entry) => isIPv6(entry.split('/')[0] ?? '') === isIPv6(values.gateway));
  return values.addresses.map((entry, index) => {
    const [address = '', mask = ''] = entry.split('/');
    const old = had.find((item) => item.address === address);
    const next: JSONObject = { ...old, proto: 'static', family: isIPv6(address) ? 'ipv6' : 'ipv4', address, mask: Number(mask) };
    delete next.gateway;
    if (values.gateway !== '' && index === Math.max(owner, 0)) next.gateway = values.gateway;
    return next;
  });
}
