import { items, merged, number, objects, plain, text, withItem } from './parts';
import { addressProblem, collect, hasVariable, isIPv4, isIPv6, networkProblem, numberProblem } from './rules';
import { task } from './task';

interface Route {
  destination: string;
  next: string;
  network: string;
  cost: number | null;
}

function destinationProblem(value: string): string | undefined {
  if (value === '') return 'A destination is needed';
  const [address = '', mask = '', more] = value.split('/');
  const numeric = /^\d{0,3}$/.test(mask) && (mask !== '' || !value.includes('/')) && Number(mask) <= (isIPv4(address) ? 32 : 128);
  const fits = more === undefined && ((isIPv4(address) && (numeric || isIPv4(mask))) || (isIPv6(address) && numeric));
  return fits || hasVariable(value) ? undefined : 'A network or address, such as 10.20.0.0/16';
}

export const route = task<Route>({
  id: 'route',
  title: 'Static route',
  about: 'a network behind a router',
  intro: 'Sends what is for a network to another router.',
  area: 'network',
  icon: 'route',
  words: 'gateway next hop static routes routing',
  blank: { destination: '', next: '', network: 'lan', cost: 0 },
  name: (values) => values.destination,
  fields: [
    { name: 'destination', label: 'Destination', kind: 'text', placeholder: '10.20.0.0/16', help: '0.0.0.0/0 is everything.' },
    { name: 'next', label: 'Next router', kind: 'text', optional: true, placeholder: '10.0.0.254', help: 'Empty: the destination is reached directly.' },
    { name: 'network', label: 'Through the network', kind: 'text', help: 'lan, wan, …' },
    { name: 'cost', label: 'Cost', kind: 'number', more: true, help: 'Of several routes to one destination the lowest wins.' },
  ],
  problems: (values) =>
    collect<keyof Route>({
      destination: destinationProblem(values.destination),
      next: values.next === '' ? undefined : addressProblem(values.next),
      network: networkProblem(values.network),
      cost: numberProblem(values.cost, 0, 4294967295),
    }),
  fromNetJSON: (config) =>
    objects(config, 'routes').flatMap(([index, item]) => {
      if (!plain(item, ['destination', 'next', 'device']) || typeof item.cost !== 'number') return [];
      return [{ values: { destination: text(item, 'destination'), next: text(item, 'next'), network: text(item, 'device'), cost: number(item, 'cost', 0) }, at: { routes: [index] } }];
    }),
  toNetJSON: (config, values, at) => {
    const index = at?.routes?.[0];
    const old = index === undefined ? undefined : items(config, 'routes')[index];
    return withItem(config, 'routes', index, merged(old, { device: values.network, destination: values.destination, next: values.next, cost: values.cost ?? 0 }));
  },
});
