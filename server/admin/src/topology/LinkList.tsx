// The list of links.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { topologyFilter } from './filters';
import type { TopologyLink } from './types';

/** What a link is called. */
export function linkName({ source_name, target_name }: TopologyLink): string {
  return `${source_name || 'of others'} – ${target_name || 'of others'}`;
}

/** How a link is. */
export function LinkStatus({ status }: { status: string }) {
  return <Status status={status === 'up' ? 'ok' : 'critical'} word={status === 'up' ? 'Up' : 'Down'} />;
}

const columns: Column<TopologyLink>[] = [
  { id: 'name', label: 'Nodes', fixed: true, width: '32%', phone: 'title', cell: (link) => <Link className="w-name" to={`/topologyLinks/${link.id}`} title={linkName(link)}>{linkName(link)}</Link> },
  { id: 'status', label: 'Status', sort: 'status', phone: 'status', width: 100, cell: ({ status }) => <LinkStatus status={status} /> },
  { id: 'status_changed', label: 'Since', sort: 'status_changed', width: 120, phone: 'aside', cell: ({ status_changed }) => <Moment at={status_changed} /> },
  { id: 'cost', label: 'Cost', sort: 'cost', right: true, width: 90, cell: ({ cost }) => <span className="w-numbers">{Number(cost.toPrecision(5)).toLocaleString()}</span> },
  { id: 'cost_text', label: 'Cost text', width: 120, phone: 'note', cell: ({ cost_text }) => cost_text },
  { id: 'topology', label: 'Topology', cell: ({ topology }) => <Reference resource="topologies" id={topology} title="label" /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function LinkList() {
  const say = useText();
  return (
    <ListPage<TopologyLink>
      title="Links"
      what="links"
      columns={columns}
      sort={{ field: 'status_changed', order: 'DESC' }}
      placeholder="Name or address of a node, property"
      filters={[{ ...topologyFilter, shown: true }, { source: 'status', label: 'Status', kind: 'choice', shown: true, choices: [{ id: 'up', name: 'Up' }, { id: 'down', name: 'Down' }] }, organizationFilter]}
      bulk={<BulkDelete one="link" many="links" loss="Their history is deleted with them; what the network still names comes back." />}
      nameOf={linkName}
      empty={<Empty title="No links yet">{say('Links come with the data of their topology.')}</Empty>}
    />
  );
}
