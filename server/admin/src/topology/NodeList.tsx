// The list of nodes.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { topologyFilter } from './filters';
import type { TopologyNode } from './types';

const columns: Column<TopologyNode>[] = [
  { id: 'label', label: 'Name', sort: 'label', fixed: true, width: '24%', phone: 'title', cell: (node) => <RecordLink record={node} title="display_name" /> },
  { id: 'netjson_id', label: 'Id', sort: 'netjson_id', phone: 'address', cell: ({ netjson_id }) => <span className="w-mono w-clip">{netjson_id}</span> },
  { id: 'topology', label: 'Topology', phone: 'status', cell: ({ topology }) => <Reference resource="topologies" id={topology} title="label" /> },
  { id: 'device', label: 'Device', cell: ({ device }) => <Reference resource="devices" id={device} none="none" /> },
  { id: 'organization', label: 'Organization', hidden: true, cell: ({ organization }) => <Reference resource="organizations" id={organization} none="All organizations" /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function NodeList() {
  const say = useText();
  return (
    <ListPage<TopologyNode>
      title="Nodes"
      what="nodes"
      columns={columns}
      sort={{ field: 'label', order: 'ASC' }}
      placeholder="Label, address, property"
      filters={[{ ...topologyFilter, shown: true }, organizationFilter]}
      bulk={<BulkDelete one="node" many="nodes" loss="Their links are deleted with them; what the network still names comes back." />}
      nameOf={({ display_name }) => display_name}
      empty={<Empty title="No nodes yet">{say('Nodes come with the data of their topology.')}</Empty>}
    />
  );
}
