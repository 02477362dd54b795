// Tasks over the parts of a device that are its own: time, names, files, lights.
import { isObject } from './json';
import { merged, text, texts, withKey } from './parts';
import { addressProblem, collect, eachProblem, hostProblem, numberProblem } from './rules';
import { task } from './task';

interface Time {
  servers: string[];
  zone: string;
  serve: boolean;
}

export const time = task<Time>({
  id: 'time',
  title: 'Time servers',
  about: 'NTP, time zone',
  intro: 'Where devices take their time from, and the zone they show it in.',
  area: 'system',
  icon: 'clock',
  words: 'ntp timezone clock',
  blank: { servers: ['0.openwrt.pool.ntp.org', '1.openwrt.pool.ntp.org'], zone: '', serve: false },
  name: (values) => values.servers[0] ?? '',
  fields: [
    { name: 'servers', label: 'Servers', kind: 'lines', help: 'One per line.' },
    { name: 'zone', label: 'Time zone', kind: 'choice', options: '/properties/general/properties/timezone', optional: true },
    { name: 'serve', label: 'Clients may ask the device', kind: 'switch', help: 'The device is a time server for its networks.' },
  ],
  problems: (values) =>
    collect<keyof Time>({
      servers: values.servers.length === 0 ? 'A server is needed' : eachProblem(values.servers, (server) => hostProblem(server)),
    }),
  fromNetJSON: (config) => {
    const ntp = config.ntp;
    if (!isObject(ntp) || ntp.enabled === false || !Array.isArray(ntp.server)) return [];
    const general = isObject(config.general) ? config.general : {};
    return [{ values: { servers: texts(ntp, 'server'), zone: text(general, 'timezone'), serve: ntp.enable_server === true }, at: { ntp: [], 'general.timezone': [] } }];
  },
  toNetJSON: (config, values) => {
    const ntp = isObject(config.ntp) ? config.ntp : {};
    const next = {
      ...config,
      ntp: merged(ntp, { enabled: true, server: values.servers, enable_server: values.serve ? true : ntp.enable_server === false ? false : undefined }),
    };
    return withKey(next, 'general', merged(config.general, { timezone: values.zone === '' ? undefined : values.zone }));
  },
});

interface Names {
  servers: string[];
  search: string[];
}

export const dns = task<Names>({
  id: 'dns',
  title: 'DNS',
  about: 'who answers for names',
  intro: 'The servers a device asks for names, in networks with a static address.',
  area: 'network',
  icon: 'at-sign',
  words: 'dns_servers resolver domain search name server',
  blank: { servers: [], search: [] },
  name: (values) => values.servers[0] ?? values.search[0] ?? '',
  fields: [
    { name: 'servers', label: 'DNS servers', kind: 'lines', placeholder: '9.9.9.9', help: 'One address per line.' },
    { name: 'search', label: 'Search domains', kind: 'words', optional: true, help: 'Added to names without a dot.' },
  ],
  problems: (values) =>
    collect<keyof Names>({
      servers: values.servers.length === 0 ? 'A server is needed' : eachProblem(values.servers, addressProblem),
      search: eachProblem(values.search, (domain) => hostProblem(domain)),
    }),
  fromNetJSON: (config) =>
    Array.isArray(config.dns_servers) && config.dns_servers.length > 0
      ? [{ values: { servers: texts(config, 'dns_servers'), search: texts(config, 'dns_search') }, at: { dns_servers: [], dns_search: [] } }]
      : [],
  toNetJSON: (config, values) => withKey(withKey(config, 'dns_servers', values.servers), 'dns_search', values.search),
});

interface Log {
  server: string;
  port: number | null;
  protocol: string;
}

export const log = task<Log>({
  id: 'log',
  title: 'Remote log',
  about: 'syslog to a server',
  intro: 'Sends what the device logs to a syslog server as well.',
  area: 'system',
  icon: 'scroll-text',
  words: 'syslog logging log_ip',
  blank: { server: '', port: 514, protocol: 'udp' },
  name: (values) => values.server,
  fields: [
    { name: 'server', label: 'Server', kind: 'text', placeholder: '10.0.0.5' },
    { name: 'port', label: 'Port', kind: 'number' },
    { name: 'protocol', label: 'Protocol', kind: 'choice', choices: [{ value: 'udp', label: 'UDP' }, { value: 'tcp', label: 'TCP' }] },
  ],
  problems: (values) => collect<keyof Log>({ server: addressProblem(values.server, 'A server'), port: numberProblem(values.port, 1, 65535) }),
  fromNetJSON: (config) => {
    const general = config.general;
    if (!isObject(general) || typeof general.log_ip !== 'string') return [];
    const port = Number(text(general, 'log_port') || 514);
    const protocol = text(general, 'log_proto') || 'udp';
    if (!Number.isInteger(port) || !['udp', 'tcp'].includes(protocol)) return [];
    return [{ values: { server: general.log_ip, port, protocol }, at: { 'general.log_ip': [], 'general.log_port': [], 'general.log_proto': [] } }];
  },
  toNetJSON: (config, values) => ({
    ...config,
    general: merged(config.general, { log_ip: values.server, log_port: String(values.port ?? 514), log_proto: values.protocol }),
  }),
});
