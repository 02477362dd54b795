// Answers for each task, for the tests of both languages: the documents they make are rendered by the server's tests.
import { blank as wifi } from './wifi';

const key = 'QHd0ZXN0LWtleS1mb3ItdGhlLXNhbXBsZXMtMDAwMDA=';

/** Answers by the id of their task. */
export const samples: Record<string, Record<string, unknown>[]> = {
  wifi: [
    { ...wifi, ssid: 'Scuola', password: 'correct horse' },
    { ...wifi, ssid: "L'Aquila è qui", security: 'wpa3', password: '{{ wifi_password }}', network: 'guest', radios: 'radio0' },
    { ...wifi, ssid: 'open-air', security: 'open', isolate: true, hidden: true, radios: 'radio0 radio1 radio2' },
    { ...wifi, ssid: 'Old phones', security: 'wpa2', password: '12345678', roaming: true },
    { ...wifi, ssid: 'Staff', security: 'enterprise', server: 'radius.example.org', secret: 'between us', port: 1645 },
    { ...wifi, ssid: 'Staff', security: 'enterprise', server: '10.0.0.3', secret: 'between us', enterprise: 'wpa3_enterprise' },
    { ...wifi, ssid: 'Staff', security: 'enterprise', server: '10.0.0.3', secret: 'between us', enterprise: 'wpa2_enterprise_mixed' },
    { ...wifi, ssid: 'Foyer', security: 'owe' },
  ],
  guest: [
    { ssid: 'Ospiti', security: 'mixed', password: 'welcome here', address: '192.168.30.1/24' },
    { ssid: 'Ospiti', security: 'open', password: '', address: '10.30.0.1/22' },
  ],
  radio: [
    { name: 'radio0', band: '2g', generation: '802.11ax', channel: '0', width: '20', country: 'IT', power: null, on: true },
    { name: 'radio1', band: '5g', generation: '802.11ac', channel: '44', width: '80', country: '', power: 18, on: true },
    { name: 'radio2', band: '6g', generation: '802.11ax', channel: '37', width: '160', country: 'DE', power: null, on: true },
    { name: 'radio0', band: '2g', generation: '802.11n', channel: '6', width: '40', country: '', power: null, on: false },
  ],
  mesh: [{ mesh: 'valley', password: 'hop by hop', radio: 'radio1', network: 'lan' }],
  port: [
    { name: 'eth0', network: 'wan', mode: 'dhcp', addresses: [], gateway: '', username: '', password: '' },
    { name: 'eth1', network: 'office', mode: 'static', addresses: ['10.1.2.3/24', 'fd00::3/64'], gateway: '10.1.2.1', username: '', password: '' },
    { name: 'eth2', network: 'idle', mode: 'none', addresses: [], gateway: '', username: '', password: '' },
    { name: 'wan', network: 'wan', mode: 'pppoe', addresses: [], gateway: '', username: 'line-7@example.net', password: 'secret' },
  ],
  bridge: [
    { name: 'br-lan', network: 'lan', ports: ['lan1', 'lan2'], stp: true, mode: 'static', addresses: ['192.168.1.1/24'], gateway: '' },
    { name: 'br-guest', network: 'guest', ports: [], stp: false, mode: 'none', addresses: [], gateway: '' },
  ],
  vlan: [
    { base: 'eth0', vid: 30, network: 'guest', mode: 'none', addresses: [], gateway: '' },
    { base: 'eth0', vid: 99, network: 'management', mode: 'dhcp', addresses: [], gateway: '' },
  ],
  dhcp: [
    { network: 'guest', start: 100, limit: 150, lease: '1h', dns: [] },
    { network: 'lan', start: 10, limit: 200, lease: '12h', dns: ['9.9.9.9', '149.112.112.112'] },
  ],
  dns: [
    { servers: ['9.9.9.9', '2620:fe::fe'], search: [] },
    { servers: ['10.0.0.53'], search: ['school.example'] },
  ],
  route: [
    { destination: '10.20.0.0/16', next: '10.0.0.254', network: 'lan', cost: 0 },
    { destination: 'fd20::/32', next: 'fe80::1', network: 'wan', cost: 5 },
  ],
  forward: [
    { name: 'Camera', protocol: 'tcp', outside: '8443', host: '192.168.1.20', inside: '443' },
    { name: 'Voice', protocol: 'tcp udp', outside: '5000-5010', host: '192.168.1.21', inside: '' },
  ],
  wireguard: [
    { name: 'wg0', privateKey: '{{ wg_private_key }}', addresses: ['10.8.0.2/24'], peerKey: key, endpoint: 'vpn.example.org', port: 51820, allowed: ['10.8.0.0/24', 'fd08::/64'], keepalive: 25 },
  ],
  zerotier: [{ network: '9536600adf654321', secret: '{{ zerotier_secret }}', device: 'ztmain' }],
  time: [
    { servers: ['time.example.org', '{{ ntp_server }}'], zone: 'Europe/Rome', serve: false },
    { servers: ['0.openwrt.pool.ntp.org'], zone: '', serve: true },
  ],
  'ssh-keys': [{ keys: ['ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDV3bWFrZXM elena@example.org', '# night shift', 'ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 petra'] }],
  password: [{ hash: '$5$rounds=5000$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc8' }],
  file: [
    { path: '/etc/banner', mode: '0644', contents: "Welcome to {{ name }}\n\n'quoted' and \\ kept\n" },
    { path: '/usr/bin/check', mode: '0755', contents: '#!/bin/sh\nexit 0\n' },
  ],
  cron: [
    { every: 'day', time: '04:30', weekday: '0', schedule: '', command: 'reboot' },
    { every: 'week', time: '23:05', weekday: '6', schedule: '', command: 'logger "once a week"' },
    { every: 'minutes', time: '04:00', weekday: '0', schedule: '', command: '/usr/bin/check' },
    { every: 'own', time: '04:00', weekday: '0', schedule: '15 3 1 * *', command: '/usr/bin/check --all' },
  ],
  log: [{ server: '10.0.0.5', port: 514, protocol: 'udp' }],
  led: [
    { name: 'Uplink', sysfs: 'green:wan', trigger: 'netdev', device: 'eth0' },
    { name: 'Night', sysfs: 'blue:status', trigger: 'none', device: '' },
  ],
  uci: [
    { package: 'firewall', text: "config rule 'allow_ssh'\n\toption name 'it'\\''s SSH'\n\toption src 'wan'\n\tlist proto 'tcp'\n\nconfig defaults\n\toption input 'REJECT'\n" },
  ],
};
