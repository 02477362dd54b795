import { plain, text } from './parts';
import { sectionName, sections, withSection } from './packages';
import { addressProblem, collect, hasVariable, needed } from './rules';
import { task } from './task';

interface Forward {
  name: string;
  protocol: string;
  outside: string;
  host: string;
  inside: string;
}

function portProblem(value: string): string | undefined {
  if (hasVariable(value)) return undefined;
  const parts = value.split('-');
  const fits = parts.length <= 2 && parts.every((part) => /^\d+$/.test(part) && Number(part) >= 1 && Number(part) <= 65535);
  return fits ? undefined : 'A port or a range, such as 8080 or 5000-5010';
}

export const forward = task<Forward>({
  id: 'forward',
  title: 'Port forwarding',
  about: 'a service behind the device',
  intro: 'Lets the internet reach one host behind the device, on one port.',
  area: 'network',
  icon: 'arrow-right-to-line',
  words: 'firewall nat dnat redirect open port',
  blank: { name: '', protocol: 'tcp', outside: '', host: '', inside: '' },
  name: (values) => values.name,
  fields: [
    { name: 'name', label: 'Name', kind: 'text', help: 'What it is for.' },
    { name: 'protocol', label: 'Protocol', kind: 'choice', choices: [{ value: 'tcp', label: 'TCP' }, { value: 'udp', label: 'UDP' }, { value: 'tcp udp', label: 'Both' }] },
    { name: 'outside', label: 'Port outside', kind: 'text' },
    { name: 'host', label: 'Host inside', kind: 'text', placeholder: '192.168.1.20' },
    { name: 'inside', label: 'Port inside', kind: 'text', optional: true, help: 'Empty: the same one.' },
  ],
  problems: (values) =>
    collect<keyof Forward>({
      name: needed(values.name, 'A name'),
      outside: portProblem(values.outside),
      host: addressProblem(values.host),
      inside: values.inside === '' ? undefined : portProblem(values.inside),
    }),
  fromNetJSON: (config) =>
    sections(config, 'firewall', 'redirect').flatMap(([index, item]) => {
      const protocol = Array.isArray(item.proto) ? item.proto.join(' ') : text(item, 'proto');
      const known = ['tcp', 'udp', 'tcp udp'].includes(protocol) && item.target === 'DNAT' && item.src === 'wan' && item.dest === 'lan';
      if (!known || !plain(item, ['name', 'src_dport', 'dest_ip', 'dest_port'])) return [];
      return [{ values: { name: text(item, 'name'), protocol, outside: text(item, 'src_dport'), host: text(item, 'dest_ip'), inside: text(item, 'dest_port') }, at: { firewall: [index] } }];
    }),
  toNetJSON: (config, values, at) =>
    withSection(config, 'firewall', at?.firewall?.[0], 'redirect', sectionName('forward', values.name, values.outside), {
      name: values.name,
      target: 'DNAT',
      src: 'wan',
      dest: 'lan',
      proto: values.protocol.split(' '),
      src_dport: values.outside,
      dest_ip: values.host,
      dest_port: values.inside === '' ? undefined : values.inside,
    }),
});
