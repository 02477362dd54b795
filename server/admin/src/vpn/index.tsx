// VPN servers, their clients, the management network, and rules that divide subnets.
import { Waypoints } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type VPNOperations, vpnOperations } from './operations';
import { vpnTexts } from './texts';
import type { VPN } from './types';

const model = { app: 'config', model: 'vpn' };

/** What VPN servers give to the admin. */
export const vpn: Concern<VPNOperations> = {
  name: 'vpn',
  resources: [
    {
      name: 'vpns',
      path: 'controller/vpn/',
      model,
      icon: Waypoints,
      list: page(() => import('./VPNList')),
      create: page(() => import('./VPNCreate')),
      edit: page(() => import('./VPNEdit')),
    },
  ],
  menu: [{ section: 'addressing', order: 65, resource: 'vpns' }],
  routes: [{ path: '/management-network', page: page(() => import('./ManagementPage')) }],
  texts: vpnTexts,
  operations: vpnOperations,
  models: { divisionrules: { app: 'subnet_division', model: 'subnetdivisionrule' } },
  finders: [listFinder<VPN>({ name: 'VPN servers', resource: 'vpns', path: 'controller/vpn/', icon: Waypoints, title: ({ name }) => name, detail: ({ host }) => host })],
  kinds: { 'config.vpn': { name: 'VPN server', resource: 'vpns' } },
  references: { VPNID: 'vpns' },
  tabs: [{ of: 'devices', path: 'tunnels', label: 'Tunnels', model: 'vpns', Tab: page(() => import('./TunnelsTab')) }],
};
