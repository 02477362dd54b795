// The list of access credentials.
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
import { connectorName, connectors } from './looks';
import type { Credentials } from './types';

const columns: Column<Credentials>[] = [
  { id: 'name', label: 'Name', sort: 'name', width: '30%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'connector', label: 'Connector', sort: 'connector', width: 180, phone: 'address', cell: ({ connector }) => connectorName(connector) },
  { id: 'auto_add', label: 'Added to', width: 170, cell: ({ auto_add }) => (auto_add ? 'every device' : <span className="w-muted"><Say text="chosen ones" /></span>) },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="shared" /> },
  { id: 'created', label: 'Created', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, hidden: true, cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function CredentialsList() {
  const say = useText();
  return (
    <ListPage<Credentials>
      title="Access credentials"
      what="credentials"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name"
      filters={[
        { ...organizationFilter, shown: true },
        { source: 'connector', label: 'Connector', kind: 'choice', choices: connectors, shown: true },
        { source: 'auto_add', label: 'Added to every device', kind: 'yesno' },
      ]}
      add="Add credentials"
      bulk={<BulkDelete one="credentials" many="credentials" loss="The connections of devices with them are deleted too." />}
      empty={<Empty title="No credentials yet">{say('With a password or a key the server logs in to devices: it tells them of a changed configuration at once, and runs commands on them.')}</Empty>}
    />
  );
}
