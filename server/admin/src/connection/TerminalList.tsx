// The list of terminals that were opened on devices.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { terminalLook } from './looks';
import type { TerminalSession } from './types';

const columns: Column<TerminalSession>[] = [
  { id: 'actor', label: 'Who', width: '16%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} title="actor" /> },
  { id: 'device', label: 'Device', width: '18%', fixed: true, phone: 'address', cell: ({ device }) => <Reference resource="devices" id={device} none="" /> },
  { id: 'state', label: 'State', width: 110, fixed: true, phone: 'status', cell: ({ state }) => <Status {...terminalLook(state)} /> },
  { id: 'reason', label: 'End', width: '22%', phone: 'note', cell: ({ reason }) => reason },
  { id: 'address', label: 'From', width: 140, cell: ({ address }) => <span className="w-mono">{address}</span> },
  { id: 'organization', label: 'Organization', width: '14%', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="" /> },
  { id: 'created', label: 'Opened', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function TerminalList() {
  const say = useText();
  return (
    <ListPage<TerminalSession>
      title="Terminals"
      what="terminals"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Who or from where"
      nameOf={({ actor }) => actor}
      filters={[
        {
          source: 'state',
          label: 'State',
          kind: 'choice',
          shown: true,
          choices: [
            { id: 'open', name: 'open' },
            { id: 'ended', name: 'ended' },
          ],
        },
        { ...organizationFilter, shown: true },
      ]}
      empty={<Empty title="No terminals yet">{say('Terminals are opened on the page of a device. What they show is recorded, and kept here for a while.')}</Empty>}
    />
  );
}
