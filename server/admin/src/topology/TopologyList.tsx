// The list of topologies.
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Topology } from './types';

/** How a topology is, in a word. */
export function TopologyStatus({ topology }: { topology: Topology }) {
  const say = useText();
  if (!topology.published) return <Status status="off" word="Not published" />;
  if (topology.problem) return <Status status="critical" word="Cannot be fetched" title={topology.problem} />;
  if (!topology.updated) return <Status status="unknown" word="No data yet" />;
  if (topology.links_down > 0) return <Status status="problem" word={say('%{links_down} down', { links_down: topology.links_down.toLocaleString() })} />;
  return <Status status="ok" word="All links up" />;
}

const columns: Column<Topology>[] = [
  { id: 'label', label: 'Label', sort: 'label', fixed: true, width: '24%', phone: 'title', cell: (topology) => <RecordLink record={topology} title="label" /> },
  { id: 'status', label: 'Status', phone: 'status', width: 180, cell: (topology) => <TopologyStatus topology={topology} /> },
  { id: 'parser', label: 'Format', sort: 'parser', phone: 'note', cell: ({ parser_label }) => parser_label },
  { id: 'strategy', label: 'Strategy', sort: 'strategy', width: 100, cell: ({ strategy }) => (strategy === 'fetch' ? 'Fetched' : 'Received') },
  { id: 'nodes', label: 'Nodes', right: true, width: 80, cell: ({ nodes }) => <span className="w-numbers">{nodes.toLocaleString()}</span> },
  { id: 'links', label: 'Links up', right: true, width: 90, cell: ({ links_up }) => <span className="w-numbers">{links_up.toLocaleString()}</span> },
  { id: 'organization', label: 'Organization', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="All organizations" /> },
  { id: 'updated', label: 'Updated', sort: 'updated', right: true, width: 120, phone: 'aside', cell: ({ updated }) => <Moment at={updated} /> },
  { id: 'created', label: 'Created', sort: 'created', right: true, width: 120, hidden: true, cell: ({ created }) => <Moment at={created} /> },
];

const strategies: Filter = { source: 'strategy', label: 'Strategy', kind: 'choice', choices: [{ id: 'fetch', name: 'Fetched' }, { id: 'receive', name: 'Received' }] };

/** The page. */
export default function TopologyList() {
  const say = useText();
  return (
    <ListPage<Topology>
      title="Topologies"
      what="topologies"
      columns={columns}
      sort={{ field: 'label', order: 'ASC' }}
      placeholder="Label, id"
      filters={[{ ...organizationFilter, shown: true }, strategies, { source: 'published', label: 'Published', kind: 'yesno' }]}
      add="Create topology"
      bulk={<BulkDelete one="topology" many="topologies" loss="Their nodes, links and history are deleted with them." />}
      nameOf={({ label }) => label}
      empty={<Empty title="No topologies yet">{say('A topology is a network as a graph. It is fetched from a routing daemon, or received from a VPN server.')}</Empty>}
    />
  );
}
