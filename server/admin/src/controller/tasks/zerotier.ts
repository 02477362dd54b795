import { isObject } from './json';
import { items, merged, objects, text, withItem } from './parts';
import { collect, hasVariable } from './rules';
import { task } from './task';

interface ZeroTier {
  network: string;
  secret: string;
  device: string;
}

export const zerotier = task<ZeroTier>({
  id: 'zerotier',
  title: 'ZeroTier',
  about: 'member of a network',
  intro: 'Makes each device a member of a ZeroTier network.',
  area: 'network',
  icon: 'orbit',
  words: 'vpn zt overlay',
  blank: { network: '', secret: '{{ zerotier_secret }}', device: 'ztmain' },
  name: (values) => values.network,
  fields: [
    { name: 'network', label: 'Network ID', kind: 'text', help: '16 hexadecimal digits.' },
    { name: 'secret', label: 'Identity of the device', kind: 'secret', help: 'A variable, so that every device has its own.' },
    { name: 'device', label: 'Interface', kind: 'text', more: true },
  ],
  problems: (values) =>
    collect<keyof ZeroTier>({
      network: /^[0-9a-f]{16}$/i.test(values.network) ? undefined : '16 hexadecimal digits',
      secret: values.secret === '' ? 'An identity is needed' : undefined,
      device: /^\S{1,10}$/.test(values.device) || hasVariable(values.device) ? undefined : '1 to 10 characters without spaces',
    }),
  fromNetJSON: (config) =>
    objects(config, 'zerotier').flatMap(([index, item]) => {
      const [network, more] = items(item, 'networks');
      if (!isObject(network) || more !== undefined || item.disabled === true || typeof item.secret !== 'string') return [];
      return [{ values: { network: text(network, 'id'), secret: item.secret, device: text(network, 'ifname') }, at: { zerotier: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.zerotier?.[0];
    const old = index === undefined ? undefined : (items(config, 'zerotier')[index] as Record<string, unknown> | undefined);
    const network = old ? items(old, 'networks')[0] : undefined;
    return withItem(
      config,
      'zerotier',
      index,
      merged(old, { name: (old && text(old, 'name')) || 'global', secret: values.secret, networks: [merged(network, { id: values.network, ifname: values.device })] }),
    );
  },
});
