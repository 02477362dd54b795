// Times of maintenance, in which nobody is told of problems.
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Maintenance } from './healthTypes';
import { timesInWords, whoInWords } from './maintenance';

const columns: Column<Maintenance>[] = [
  { id: 'name', label: 'Name', fixed: true, width: '22%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'active', label: 'Now', width: 120, phone: 'status', cell: ({ active }) => (active ? <Status status="waiting" word="under way" /> : <Status status="off" word="not now" />) },
  { id: 'times', label: 'When', phone: 'note', cell: (row) => timesInWords(row) },
  { id: 'who', label: 'What', width: '16%', cell: (row) => (row.group ? <Reference resource="devicegroups" id={row.group} /> : whoInWords(row)) },
  { id: 'organization', label: 'Organization', width: '16%', phone: 'address', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
];

/** The page. */
export default function MaintenanceList() {
  const say = useText();
  return (
    <ListPage<Maintenance>
      title="Maintenance"
      what="times of maintenance"
      columns={columns}
      sort={{ field: 'start', order: 'ASC' }}
      placeholder="Name"
      filters={[{ ...organizationFilter, shown: true }]}
      add="Plan maintenance"
      bulk={<BulkDelete one="time of maintenance" many="times of maintenance" loss="People are told of problems again." />}
      empty={<Empty title="No maintenance planned">{say('While somebody works on devices nobody has to be told that they are away. Incidents are kept; people are told of what still lasts when the time ends.')}</Empty>}
    />
  );
}
