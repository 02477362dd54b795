import { type Addressing, addressFields, addressProblems, noAddress, readAddresses, writeAddresses } from './addresses';
import { items, merged, objects, text, texts, withItem } from './parts';
import { collect, eachProblem, interfaceProblem, networkProblem } from './rules';
import { task } from './task';

interface Bridge extends Addressing {
  name: string;
  network: string;
  ports: string[];
  stp: boolean;
}

export const bridge = task<Bridge>({
  id: 'bridge',
  title: 'Bridge',
  about: 'ports and Wi-Fi in one network',
  intro: 'Joins ports, VLANs and Wi-Fi networks into one network of the device.',
  area: 'network',
  icon: 'ethernet-port',
  words: 'lan switch ports br-lan stp network',
  blank: { name: 'br-lan', network: 'lan', ports: [], stp: false, ...noAddress },
  name: (values) => values.network || values.name,
  fields: [
    { name: 'network', label: 'Network', kind: 'text', help: 'Wi-Fi networks and other settings refer to it by this name.' },
    { name: 'name', label: 'Device', kind: 'text', help: 'Begins with br- by custom.' },
    { name: 'ports', label: 'Ports', kind: 'words', optional: true, placeholder: 'eth0.30', help: 'Ports and VLANs, such as lan1 or eth0.30. Wi-Fi networks join by the name of the network.' },
    ...addressFields<Bridge>(true),
    { name: 'stp', label: 'Spanning tree (STP)', kind: 'switch', more: true, help: 'Keeps a loop of cables from taking the network down.' },
  ],
  problems: (values) =>
    collect<keyof Bridge>({
      name: interfaceProblem(values.name),
      network: networkProblem(values.network),
      ports: eachProblem(values.ports, (port) => interfaceProblem(port)),
      ...addressProblems(values),
    }),
  fromNetJSON: (config) =>
    objects(config, 'interfaces').flatMap(([index, item]) => {
      const addressing = readAddresses(item.addresses);
      const vlans = Array.isArray(item.vlan_filtering) && item.vlan_filtering.length > 0;
      if (item.type !== 'bridge' || !addressing || vlans || typeof item.name !== 'string' || typeof item.network !== 'string') return [];
      return [{ values: { name: item.name, network: item.network, ports: texts(item, 'bridge_members'), stp: item.stp === true, ...addressing }, at: { interfaces: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.interfaces?.[0];
    const old = index === undefined ? undefined : (items(config, 'interfaces')[index] as Record<string, unknown> | undefined);
    return withItem(
      config,
      'interfaces',
      index,
      merged(old, {
        type: 'bridge',
        name: values.name,
        network: values.network,
        bridge_members: values.ports,
        stp: values.stp ? true : old?.stp === false ? false : undefined,
        addresses: writeAddresses(values, old?.addresses),
      }),
    );
  },
});

interface VLAN extends Addressing {
  base: string;
  vid: number | null;
  network: string;
}

export const vlan = task<VLAN>({
  id: 'vlan',
  title: 'VLAN',
  about: 'a tagged network on a port',
  intro: 'A tagged network (802.1q) on a port, to route it or to put it into a bridge.',
  area: 'network',
  icon: 'network',
  words: '802.1q tag trunk vid',
  blank: { base: 'eth0', vid: null, network: '', ...noAddress },
  name: (values) => `${values.base}.${values.vid ?? ''}`,
  fields: [
    { name: 'base', label: 'Port', kind: 'text', help: 'The port that carries the tagged frames.' },
    { name: 'vid', label: 'VLAN number', kind: 'number' },
    { name: 'network', label: 'Network', kind: 'text', help: 'A name of its own, not that of a bridge: a bridge takes the VLAN by its port, as eth0.30.' },
    ...addressFields<VLAN>(true),
  ],
  problems: (values) =>
    collect<keyof VLAN>({
      base: interfaceProblem(values.base, 'A port'),
      vid: values.vid !== null && Number.isInteger(values.vid) && values.vid >= 1 && values.vid <= 4094 ? undefined : 'A whole number from 1 to 4094',
      network: networkProblem(values.network),
      ...addressProblems(values),
    }),
  fromNetJSON: (config) =>
    objects(config, 'interfaces').flatMap(([index, item]) => {
      const addressing = readAddresses(item.addresses);
      if (item.type !== '8021q' || !addressing || typeof item.vid !== 'number') return [];
      return [{ values: { base: text(item, 'name'), vid: item.vid, network: text(item, 'network'), ...addressing }, at: { interfaces: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.interfaces?.[0];
    const old = index === undefined ? undefined : (items(config, 'interfaces')[index] as Record<string, unknown> | undefined);
    return withItem(
      config,
      'interfaces',
      index,
      merged(old, { type: '8021q', name: values.base, vid: values.vid ?? 1, network: values.network, addresses: writeAddresses(values, old?.addresses) }),
    );
  },
});
