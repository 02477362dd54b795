// The list of access servers.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { NAS } from './types';

const columns: Column<NAS>[] = [
  { id: 'name', label: 'Address', sort: 'name', fixed: true, width: '24%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'short_name', label: 'Short name', sort: 'short_name', width: '18%', phone: 'address', cell: ({ short_name }) => short_name },
  { id: 'type', label: 'Type', width: 160, cell: ({ type }) => type },
  { id: 'description', label: 'Description', hidden: true, cell: ({ description }) => description },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'created', label: 'Created', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function NASList() {
  const say = useText();
  return (
    <ListPage<NAS>
      title="Access servers"
      what="access servers"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Address or name"
      filters={[{ ...organizationFilter, shown: true }]}
      add="Add access server"
      bulk={<BulkDelete one="access server" many="access servers" loss="They are not told any more when the group of somebody changes." />}
      empty={<Empty title="No access servers yet">{say('Access points, captive portals and switches that let people in (NAS) ask a RADIUS server about them.')}</Empty>}
    />
  );
}
