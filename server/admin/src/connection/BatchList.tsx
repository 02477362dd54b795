// The list of mass commands.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { commandLook } from './looks';
import type { Batch } from './types';

const columns: Column<Batch>[] = [
  { id: 'label', label: 'Label', sort: 'label', width: '32%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} title="label" /> },
  { id: 'status', label: 'Status', sort: 'status', width: 140, fixed: true, phone: 'status', cell: ({ status }) => <Status {...commandLook(status)} /> },
  { id: 'type', label: 'Command', width: 160, phone: 'address', cell: ({ type }) => type },
  { id: 'devices', label: 'Devices', right: true, width: 100, cell: ({ device_count }) => device_count.toLocaleString() },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="all of them" /> },
  { id: 'created', label: 'Started', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function BatchList() {
  const say = useText();
  return (
    <ListPage<Batch>
      title="Mass commands"
      what="mass commands"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Label or notes"
      filters={[
        {
          source: 'status',
          label: 'Status',
          kind: 'choice',
          shown: true,
          choices: [
            { id: 'in-progress', name: 'running' },
            { id: 'success', name: 'done' },
            { id: 'failed', name: 'failed' },
          ],
        },
        { ...organizationFilter, shown: true },
      ]}
      add="Start mass command"
      empty={<Empty title="No mass commands yet">{say('A command for many devices at once: select them in the list of devices, or start one for all devices of an organization.')}</Empty>}
    />
  );
}
