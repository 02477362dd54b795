import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { JSONObject } from '../../api/types';
import { become, begin, constantOf, flatten, placeInWords, propertiesInOrder, summaryOf, variantOf, variantsOf } from './shape';

const schemas = join(import.meta.dirname, '../../../../../netjsonconfig/schemas');
const read = (name: string) => JSON.parse(readFileSync(join(schemas, name), 'utf8')) as JSONObject;
// what the server serves: OpenWrt's schema refers to the definitions of OpenVPN
const root = read('openwrt.json');
root.definitions = { ...(read('openvpn.json').definitions as JSONObject), ...(root.definitions as JSONObject) };

const property = (schema: JSONObject, key: string) => (schema.properties as Record<string, JSONObject>)[key] ?? {};
const items = (key: string) => property(root, key).items as JSONObject;
const titles = (schema: JSONObject) => variantsOf(schema, root).map(({ title }) => title);

describe('of OpenWrt', () => {
  const interfaces = variantsOf(items('interfaces'), root);
  const meant = (value: unknown) => interfaces[variantOf(interfaces, value, root)]?.title;

  it('has every kind of interface', () => {
    expect(titles(items('interfaces'))).toContain('Wireless interface');
    expect(interfaces).toHaveLength(9);
  });

  it.each([
    [{ type: 'wireless', name: 'x'.repeat(40), wireless: { mode: 'access_point' } }, 'Wireless interface'],
    [{ type: 'bridge' }, 'Bridge interface'],
    [{ type: 'ethernet', mtu: '{{ mtu }}', unknown: 1 }, 'Network interface'],
    [{ type: '8021q', name: 'eth0' }, 'VLAN (802.1q)'],
    [{ type: 'wireguard' }, 'Wireguard interface'],
  ])('%j is a %s, whatever else is wrong with it', (value, title) => {
    expect(meant(value)).toBe(title);
  });

  it('shows all fields of a wireless interface at once', () => {
    const wireless = interfaces.find(({ title }) => title === 'Wireless interface') ?? {};
    const keys = propertiesInOrder(wireless, root).map(({ key }) => key);
    expect(keys).toEqual(expect.arrayContaining(['name', 'mtu', 'mac', 'autostart', 'disabled', 'network', 'wireless', 'addresses']));
    const modes = variantsOf(property(wireless, 'wireless'), root);
    expect(modes).toHaveLength(5);
    const ap = modes[variantOf(modes, { mode: 'access_point' }, root)] ?? {};
    expect(propertiesInOrder(ap, root).map(({ key }) => key)).toEqual(expect.arrayContaining(['radio', 'ssid', 'hidden', 'wds', 'encryption', 'network', 'isolate', 'macfilter']));
    const encryptions = variantsOf(property(ap, 'encryption'), root);
    expect(encryptions).toHaveLength(11);
    const wpa3 = encryptions[variantOf(encryptions, { protocol: 'wpa3_personal', key: 'short' }, root)] ?? {};
    expect(wpa3.title).toBe('WPA3 Personal');
    expect(begin(wpa3, root)).toEqual({ protocol: 'wpa3_personal', cipher: 'ccmp', ieee80211w: '2' });
  });

  it('tells radios by their band', () => {
    const radios = variantsOf(items('radios'), root);
    expect(radios[variantOf(radios, { protocol: '802.11ax', band: '5g', channel: 0 }, root)]?.title).toContain('5 GHz WiFi6');
    expect(radios[variantOf(radios, { protocol: '802.11n', channel: 6 }, root)]?.title).toContain('2.4 GHz WiFi4');
  });

  it('keeps what two kinds have, and what nobody knows', () => {
    const from = interfaces.find(({ title }) => title === 'Bridge interface') ?? {};
    const to = interfaces.find(({ title }) => title === 'Network interface') ?? {};
    expect(become({ type: 'bridge', name: 'x0', bridge_members: ['a'], stp: true, mtu: 1400, theirs: 1 }, from, to, root)).toEqual({ type: 'ethernet', name: 'x0', mtu: 1400, theirs: 1 });
  });

  it('says places in words', () => {
    const config = { interfaces: [{ type: 'wireless', name: 'wlan0', wireless: { mode: 'access_point', encryption: { protocol: 'wpa3_personal', key: 'short' } } }], files: [{ path: '/etc/banner' }] };
    expect(placeInWords(['interfaces', '0', 'wireless', 'encryption', 'key'], config, root)).toBe('Interface wlan0 › Wireless › Encryption › Key');
    expect(placeInWords(['files', '0', 'mode'], config, root)).toBe('File /etc/banner › Mode');
    expect(placeInWords(['dns_servers', '2'], config, root)).toMatch(/^DNS server 3$/i);
    expect(placeInWords(['unknown', '0'], config, undefined)).toBe('Unknown › 0');
  });

  it('flattens every definition without end', () => {
    for (const definition of Object.values(root.definitions as Record<string, JSONObject>)) {
      const flat = flatten(definition, root);
      expect(flat.$ref).toBeUndefined();
      expect(flat.allOf).toBeUndefined();
    }
  });
});

it('sums up an interface', () => {
  expect(summaryOf({ name: 'wlan0', wireless: { ssid: 'Valley', radio: 'radio0', encryption: { protocol: 'wpa3_personal' } } }, { title: 'Wireless interface' })).toBe(
    'wlan0 · Wireless interface · Valley · wpa3_personal · radio0',
  );
});

it('knows what can only be one thing', () => {
  expect(constantOf({ enum: ['a'] })).toBe('a');
  expect(constantOf({ enum: ['a', 'b'] })).toBeUndefined();
});
