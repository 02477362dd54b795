// The list of batches of users.
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Batch } from './types';
import { batchStatus } from './words';

const columns: Column<Batch>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '26%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'status', label: 'Status', width: 140, phone: 'status', cell: ({ status }) => <Status {...batchStatus(status)} /> },
  { id: 'strategy', label: 'Made of', width: 120, cell: ({ strategy, prefix }) => (strategy === 'csv' ? 'a file' : <span className="w-mono">{prefix}…</span>) },
  { id: 'number_of_users', label: 'Users', right: true, width: 100, phone: 'address', cell: ({ number_of_users }) => number_of_users.toLocaleString() },
  { id: 'expiration_date', label: 'Until', sort: 'expiration_date', width: 120, cell: ({ expiration_date }) => expiration_date ?? <span className="w-muted"><Say text="no end" /></span> },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'created', label: 'Created', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function BatchList() {
  const say = useText();
  return (
    <ListPage<Batch>
      title="Batches of users"
      what="batches"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name"
      filters={[
        { ...organizationFilter, shown: true },
        {
          source: 'status',
          label: 'Status',
          kind: 'choice',
          shown: true,
          choices: [
            { id: 'pending', name: 'waiting' },
            { id: 'processing', name: 'under way' },
            { id: 'completed', name: 'complete' },
            { id: 'failed', name: 'failed' },
          ],
        },
      ]}
      add="Add batch"
      bulk={<BulkDelete one="batch" many="batches" loss="The accounts that were made for them are deleted as well." />}
      empty={<Empty title="No batches yet">{say('A batch makes many accounts at once: with names that begin alike and random passwords, or from a file.')}</Empty>}
    />
  );
}
