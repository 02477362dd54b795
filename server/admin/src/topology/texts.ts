// The labels of topologies: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const topologyTexts = {
  resources: {
    topologies: {
      name: 'Topology |||| Topologies',
      fields: {
        ...common,
        label: 'Label',
        organization: 'Organization',
        parser: 'Format',
        strategy: 'Strategy',
        url: 'URL',
        key: 'Key',
        expiration_time: 'Expiration time',
        published: 'Published',
      },
      empty: 'No topologies yet',
      invite: 'A topology is a network as a graph: what routing daemons and VPN servers say of it.',
    },
    topologyNodes: {
      name: 'Node |||| Nodes',
      fields: { ...common, label: 'Label', topology: 'Topology', addresses: 'Addresses', properties: 'Properties', user_properties: 'User properties' },
      empty: 'No nodes yet',
      invite: 'Nodes come with the data of their topology.',
    },
    topologyLinks: {
      name: 'Link |||| Links',
      fields: { ...common, topology: 'Topology', source: 'Source', target: 'Target', cost: 'Cost', cost_text: 'Cost text', status: 'Status', properties: 'Properties', user_properties: 'User properties' },
      empty: 'No links yet',
      invite: 'Links come with the data of their topology.',
    },
  },
};
