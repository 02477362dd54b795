import { texts, text, plain } from './parts';
import { sectionName, sections, withSection } from './packages';
import { addressProblem, collect, eachProblem, hasVariable, networkProblem, numberProblem } from './rules';
import { task } from './task';

interface DHCP {
  network: string;
  start: number | null;
  limit: number | null;
  lease: string;
  dns: string[];
}

const dnsOption = '6,';

function whole(value: string): number | null {
  return /^\d+$/.test(value) ? Number(value) : null;
}

export const dhcp = task<DHCP>({
  id: 'dhcp',
  title: 'DHCP server',
  about: 'addresses for clients',
  intro: 'Gives addresses to the clients of a network. The device needs a static address in it.',
  area: 'network',
  icon: 'list-ordered',
  words: 'dnsmasq pool lease leases addresses',
  blank: { network: 'lan', start: 100, limit: 150, lease: '12h', dns: [] },
  name: (values) => values.network,
  fields: [
    { name: 'network', label: 'Network', kind: 'text' },
    { name: 'start', label: 'First address', kind: 'number', help: 'Counted from the beginning of the network: 100 is 192.168.1.100 in 192.168.1.0/24.' },
    { name: 'limit', label: 'How many', kind: 'number', unit: 'addresses' },
    { name: 'lease', label: 'Lease time', kind: 'text', help: '30m, 12h or 7d.' },
    { name: 'dns', label: 'DNS servers for clients', kind: 'words', more: true, optional: true, help: 'Empty: the device itself.' },
  ],
  problems: (values) =>
    collect<keyof DHCP>({
      network: networkProblem(values.network),
      start: numberProblem(values.start, 1, 65534),
      limit: numberProblem(values.limit, 1, 65534),
      lease: /^\d+[smhd]?$|^infinite$/.test(values.lease) || hasVariable(values.lease) ? undefined : 'A number with m, h or d, such as 12h',
      dns: eachProblem(values.dns, addressProblem),
    }),
  fromNetJSON: (config) =>
    sections(config, 'dhcp', 'dhcp').flatMap(([index, item]) => {
      const start = whole(text(item, 'start'));
      const limit = whole(text(item, 'limit'));
      const options = texts(item, 'dhcp_option');
      if (!plain(item, ['interface', 'leasetime']) || start === null || limit === null || options.filter((option) => option.startsWith(dnsOption)).length > 1) return [];
      const dns = options.find((option) => option.startsWith(dnsOption));
      return [{ values: { network: text(item, 'interface'), start, limit, lease: text(item, 'leasetime'), dns: dns ? dns.slice(dnsOption.length).split(',') : [] }, at: { dhcp: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.dhcp?.[0];
    const old = sections(config, 'dhcp', 'dhcp').find(([n]) => n === index)?.[1] ?? {};
    const others = texts(old, 'dhcp_option').filter((option) => !option.startsWith(dnsOption));
    const options = values.dns.length > 0 ? [...others, dnsOption + values.dns.join(',')] : others;
    return withSection(config, 'dhcp', index, 'dhcp', sectionName(values.network), {
      interface: values.network,
      start: String(values.start ?? 100),
      limit: String(values.limit ?? 150),
      leasetime: values.lease,
      dhcp_option: options.length > 0 ? options : undefined,
    });
  },
});
