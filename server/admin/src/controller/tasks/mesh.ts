import { items, merged, text, texts, withItems } from './parts';
import { isObject } from './json';
import { collect, hasVariable, networkProblem } from './rules';
import { task } from './task';
import { encryption, interfaceName, passwordProblem, securityOf, wirelessOf } from './wireless';

interface Mesh {
  mesh: string;
  password: string;
  radio: string;
  network: string;
}

export const mesh = task<Mesh>({
  id: 'mesh',
  title: 'Mesh',
  about: '802.11s between devices',
  intro: 'Devices with the same mesh name and password find one another without a cable.',
  area: 'wireless',
  icon: 'waypoints',
  words: '802.11s backhaul wireless link sae',
  blank: { mesh: '', password: '', radio: 'radio1', network: 'lan' },
  name: (values) => values.mesh,
  fields: [
    { name: 'mesh', label: 'Mesh name', kind: 'text', max: 32, help: 'The same on every device of the mesh; no spaces.' },
    { name: 'password', label: 'Password', kind: 'secret', help: 'WPA3 (SAE): the only one a mesh can have.' },
    { name: 'radio', label: 'Radio', kind: 'text', help: 'All devices must use the same channel on it.' },
    { name: 'network', label: 'Network it joins', kind: 'text' },
  ],
  problems: (values) =>
    collect<keyof Mesh>({
      mesh: values.mesh === '' ? 'A name is needed' : /\s/.test(values.mesh) && !hasVariable(values.mesh) ? 'No spaces' : undefined,
      password: passwordProblem(values.password),
      radio: values.radio.length < 2 ? 'A radio is needed, such as radio1' : undefined,
      network: networkProblem(values.network),
    }),
  fromNetJSON: (config) =>
    wirelessOf(config, '802.11s').flatMap(([index, item, wireless]) => {
      const networks = texts(wireless, 'network');
      if (securityOf(wireless.encryption) !== 'wpa3' || networks.length > 1 || items(item, 'addresses').length > 0) return [];
      const key = isObject(wireless.encryption) ? text(wireless.encryption, 'key') : '';
      return [{ values: { mesh: text(wireless, 'mesh_id'), password: key, radio: text(wireless, 'radio'), network: networks[0] ?? '' }, at: { interfaces: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const place = at?.interfaces ?? [];
    const old = items(config, 'interfaces')[place[0] ?? -1];
    const before = isObject(old) && isObject(old.wireless) ? old.wireless : {};
    const others = withItems(config, 'interfaces', place, []);
    const item = merged(old, {
      type: 'wireless',
      name: (isObject(old) && old.name) || interfaceName('m-', values.mesh, values.radio, others),
      wireless: merged(before, {
        mode: '802.11s',
        radio: values.radio,
        mesh_id: values.mesh,
        network: values.network === '' ? undefined : [values.network],
        encryption: encryption('wpa3', values.password, before.encryption),
      }),
    });
    return withItems(config, 'interfaces', place, [item]);
  },
});
