// Networks as graphs: topologies, their nodes and links.
import { Cable, CircleDot, Waypoints } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type TopologyOperations, topologyOperations } from './operations';
import { topologyTexts } from './texts';
import type { Topology, TopologyNode } from './types';

const model = (name: string) => ({ app: 'topology', model: name });

/** What topologies give to the admin. */
export const topology: Concern<TopologyOperations> = {
  name: 'topology',
  resources: [
    {
      name: 'topologies',
      path: 'network-topology/summary/topology/',
      model: model('topology'),
      icon: Waypoints,
      title: 'label',
      list: page(() => import('./TopologyList')),
      create: page(() => import('./TopologyCreate')),
      edit: page(() => import('./TopologyEdit')),
    },
    {
      name: 'topologyNodes',
      path: 'network-topology/summary/node/',
      model: model('node'),
      icon: CircleDot,
      title: 'display_name',
      list: page(() => import('./NodeList')),
      edit: page(() => import('./NodeEdit')),
    },
    {
      name: 'topologyLinks',
      path: 'network-topology/summary/link/',
      model: model('link'),
      icon: Cable,
      list: page(() => import('./LinkList')),
      edit: page(() => import('./LinkEdit')),
    },
  ],
  menu: [
    { section: 'network', order: 70, resource: 'topologies' },
    { section: 'network', order: 71, resource: 'topologyNodes' },
    { section: 'network', order: 72, resource: 'topologyLinks' },
  ],
  texts: topologyTexts,
  operations: topologyOperations,
  finders: [
    listFinder<Topology>({ name: 'Topologies', resource: 'topologies', path: 'network-topology/summary/topology/', icon: Waypoints, title: ({ label }) => label, detail: ({ parser_label }) => parser_label }),
    listFinder<TopologyNode>({ name: 'Nodes', resource: 'topologyNodes', path: 'network-topology/summary/node/', icon: CircleDot, title: ({ display_name }) => display_name, detail: ({ netjson_id }) => netjson_id }),
  ],
  kinds: {
    'topology.topology': { name: 'Topology', resource: 'topologies' },
    'topology.node': { name: 'Node', resource: 'topologyNodes' },
    'topology.link': { name: 'Link', resource: 'topologyLinks' },
  },
  references: { TopologyID: 'topologies', SourceID: 'topologyNodes', TargetID: 'topologyNodes' },
};
