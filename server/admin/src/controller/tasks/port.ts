import { type Addressing, addressFields, addressProblems, addressingModes, noAddress, readAddresses, writeAddresses } from './addresses';
import { items, merged, objects, text, withItem } from './parts';
import { collect, interfaceProblem, needed, networkProblem } from './rules';
import { task } from './task';

interface Port extends Addressing {
  name: string;
  network: string;
  username: string;
  password: string;
}

/** Types a port's interface may have; PPPoE makes it a dial-up one. */
const types = ['ethernet', 'dialup'];

export const port = task<Port>({
  id: 'port',
  title: 'Port or uplink',
  about: 'DHCP, static address, PPPoE',
  intro: 'How the device reaches a network through one of its ports, the internet for one.',
  area: 'network',
  icon: 'cable',
  words: 'wan ethernet interface internet pppoe dhcp client static address dsl',
  blank: { name: 'eth0', network: 'wan', username: '', password: '', ...noAddress, mode: 'dhcp' },
  name: (values) => values.network || values.name,
  fields: [
    { name: 'network', label: 'Network', kind: 'text', help: 'wan for the uplink. Routes and firewall refer to it by this name.' },
    { name: 'name', label: 'Port', kind: 'text', help: 'eth0, wan, lan1 …, as the device calls it.' },
    { ...addressFields<Port>(true)[0], label: 'Address', choices: [...addressingModes, { value: 'pppoe', label: 'PPPoE' }] } as never,
    ...addressFields<Port>(true).slice(1),
    { name: 'username', label: 'Username', kind: 'text', when: (values) => values.mode === 'pppoe' },
    { name: 'password', label: 'Password', kind: 'secret', when: (values) => values.mode === 'pppoe' },
  ],
  problems: (values) =>
    collect<keyof Port>({
      name: interfaceProblem(values.name, 'A port'),
      network: networkProblem(values.network),
      username: values.mode === 'pppoe' ? needed(values.username, 'A username') : undefined,
      password: values.mode === 'pppoe' ? needed(values.password, 'A password') : undefined,
      ...addressProblems(values),
    }),
  fromNetJSON: (config) =>
    objects(config, 'interfaces').flatMap(([index, item]) => {
      const addressing = readAddresses(item.addresses);
      const dialup = item.type === 'dialup';
      if (!types.includes(text(item, 'type')) || !addressing || typeof item.network !== 'string' || typeof item.name !== 'string') return [];
      if (dialup && (item.proto !== 'pppoe' || addressing.mode !== 'none')) return [];
      const account = { username: dialup ? text(item, 'username') : '', password: dialup ? text(item, 'password') : '' };
      return [{ values: { name: item.name, network: item.network, ...addressing, ...account, mode: dialup ? 'pppoe' : addressing.mode }, at: { interfaces: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.interfaces?.[0];
    const old = index === undefined ? undefined : (items(config, 'interfaces')[index] as Record<string, unknown> | undefined);
    const dialup = values.mode === 'pppoe';
    const account = dialup ? { proto: 'pppoe', username: values.username, password: values.password } : old?.type === 'dialup' ? { proto: undefined, username: undefined, password: undefined } : {};
    return withItem(
      config,
      'interfaces',
      index,
      merged(old, {
        type: dialup ? 'dialup' : 'ethernet',
        name: values.name,
        network: values.network,
        ...account,
        addresses: writeAddresses(dialup ? noAddress : values, old?.addresses),
      }),
    );
  },
});
