// The list of groups.
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { RadiusGroup } from './types';

const columns: Column<RadiusGroup>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '28%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'description', label: 'Description', phone: 'address', cell: ({ description }) => <span className="w-clip">{description}</span> },
  { id: 'default', label: 'For', width: 140, cell: (row) => (row.default ? 'new members' : <span className="w-muted"><Say text="chosen ones" /></span>) },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'created', label: 'Created', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function GroupList() {
  const say = useText();
  return (
    <ListPage<RadiusGroup>
      title="RADIUS groups"
      what="groups"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name"
      filters={[
        { ...organizationFilter, shown: true },
        { source: 'default', label: 'For new members', kind: 'yesno', shown: true },
      ]}
      add="Add group"
      bulk={<BulkDelete one="group" many="groups" loss="Their members have no limits any more, unless they are in another group." />}
      empty={<Empty title="No groups yet">{say('A group says how long and how much its members may use.')}</Empty>}
    />
  );
}
