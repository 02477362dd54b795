// Networks and addresses: what there is, what is taken, what is free.
import { Hash, Network } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type IPAMOperations, ipamOperations } from './operations';
import { ipamTexts } from './texts';
import type { Address, Subnet } from './types';

const subnet = { app: 'openwisp_ipam', model: 'subnet' };
const address = { app: 'openwisp_ipam', model: 'ipaddress' };

/** What IPAM gives to the admin. */
export const ipam: Concern<IPAMOperations> = {
  name: 'ipam',
  resources: [
    {
      name: 'subnets',
      path: 'ipam/subnet/',
      model: subnet,
      icon: Network,
      list: page(() => import('./SubnetTree')),
      create: page(() => import('./SubnetCreate')),
      edit: page(() => import('./SubnetEdit')),
    },
    {
      name: 'addresses',
      path: 'ipam/ip-address/',
      model: address,
      icon: Hash,
      title: 'ip_address',
      list: page(() => import('./AddressList')),
      edit: page(() => import('./AddressEdit')),
    },
  ],
  menu: [
    { section: 'addressing', order: 60, resource: 'subnets' },
    { section: 'addressing', order: 61, resource: 'addresses' },
  ],
  routes: [{ path: '/subnets-import', page: page(() => import('./ImportPage')) }],
  texts: ipamTexts,
  operations: ipamOperations,
  finders: [
    listFinder<Subnet>({ name: 'Subnets', resource: 'subnets', path: 'ipam/subnet/', icon: Network, title: ({ subnet: network }) => network, detail: ({ name }) => name }),
    listFinder<Address>({ name: 'Addresses', resource: 'addresses', path: 'ipam/ip-address/', icon: Hash, title: ({ ip_address }) => ip_address, detail: ({ description }) => description }),
  ],
  overview: [{ place: 'side', order: 40, model: subnet, Part: page(() => import('./Fullest')) }],
  kinds: {
    'openwisp_ipam.subnet': { name: 'Subnet', resource: 'subnets' },
    'openwisp_ipam.ipaddress': { name: 'Address', resource: 'addresses' },
  },
  references: { SubnetID: 'subnets', MasterSubnetID: 'subnets' },
};
