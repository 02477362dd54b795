import { expect, it } from 'vitest';
import { faceOf, layered } from './face';

const config = {
  radios: [
    { name: 'radio1', protocol: '802.11ax', band: '5g', channel: 44, channel_width: 80, tx_power: 18 },
    { name: 'radio0', protocol: '802.11n', channel: 0, band: '2g', channel_width: 20, disabled: true },
  ],
  interfaces: [
    { type: 'ethernet', name: 'eth0', network: 'wan', addresses: [{ proto: 'dhcp', family: 'ipv4' }] },
    { type: 'bridge', name: 'br-lan', network: 'lan', bridge_members: ['eth2', 'eth10', 'eth1.30', 'wlan1'], addresses: [] },
    { type: '8021q', name: 'eth1', vid: 40, network: 'voice' },
    { type: 'wireless', name: 'wlan0', wireless: { mode: 'access_point', radio: 'radio0', ssid: 'Scuola', network: ['guest'], encryption: { protocol: 'wpa2_personal_mixed', key: 'x' } } },
    { type: 'wireless', name: 'wlan1', wireless: { mode: 'access_point', radio: 'radio1', ssid: 'Scuola', hidden: true } },
    { type: 'wireless', name: 'mesh0', wireless: { mode: '802.11s', radio: 'radio2', mesh_id: 'valley', encryption: { protocol: 'wpa3_personal', key: 'x' } } },
  ],
};

it('shows sockets in the order of their names, with the networks behind them', () => {
  expect(faceOf(config).ports).toEqual([
    { name: 'eth0', networks: ['wan'], uplink: true, note: 'DHCP', off: false },
    { name: 'eth1', networks: ['lan', 'voice'], uplink: false, note: '', off: false },
    { name: 'eth2', networks: ['lan'], uplink: false, note: '', off: false },
    { name: 'eth10', networks: ['lan'], uplink: false, note: '', off: false },
  ]);
});

it('shows radios with the networks on them', () => {
  expect(faceOf(config).radios).toEqual([
    { name: 'radio0', band: '2.4 GHz', note: 'automatic channel, 20 MHz', off: true, networks: [{ name: 'Scuola', security: 'WPA2 and WPA3', network: 'guest', hidden: false }] },
    { name: 'radio1', band: '5 GHz', note: 'channel 44, 80 MHz, 18 dBm', off: false, networks: [{ name: 'Scuola', security: 'open', network: 'lan', hidden: true }] },
    { name: 'radio2', band: '', note: '', off: false, networks: [{ name: 'valley', security: 'WPA3', network: '', hidden: false }] },
  ]);
});

it('takes anything', () => {
  expect(faceOf({})).toEqual({ ports: [], radios: [] });
  expect(faceOf({ interfaces: [3, { type: 'bridge', bridge_members: 'x' }, { type: 'wireless' }], radios: 'none' })).toEqual({ ports: [], radios: [] });
});

it('lays the device over its templates', () => {
  const template = { radios: [{ name: 'radio0', protocol: '802.11ax', band: '5g', channel: 36, channel_width: 80 }] };
  const [radio] = faceOf(layered([template, { radios: [{ name: 'radio0', channel: 44 }] }])).radios;
  expect(radio?.note).toBe('channel 44, 80 MHz');
  expect(template.radios[0]?.channel).toBe(36);
});
