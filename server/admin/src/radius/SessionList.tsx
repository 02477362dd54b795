// The list of sessions, which follows what access servers tell.
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Session } from './types';
import { amount, lasted } from './words';

const columns: Column<Session>[] = [
  { id: 'username', label: 'User', sort: 'username', fixed: true, width: '18%', phone: 'title', cell: ({ username }) => <span className="w-medium">{username || <span className="w-muted"><Say text="nobody" /></span>}</span> },
  { id: 'status', label: 'Status', width: 130, phone: 'status', cell: ({ stop_time, terminate_cause }) => (stop_time ? <Status status="off" word="ended" title={terminate_cause ?? ''} /> : <Status status="ok" word="open" />) },
  { id: 'calling_station_id', label: 'Device', width: 170, phone: 'address', cell: ({ calling_station_id }) => <span className="w-mono w-clip">{calling_station_id}</span> },
  { id: 'called_station_id', label: 'Access point', width: 220, cell: ({ called_station_id }) => <span className="w-mono w-clip">{called_station_id}</span> },
  { id: 'session_time', label: 'Time', sort: 'session_time', right: true, width: 110, cell: ({ session_time }) => lasted(session_time) },
  { id: 'output_octets', label: 'To the user', sort: 'output_octets', right: true, width: 110, cell: ({ output_octets }) => amount(output_octets) },
  { id: 'input_octets', label: 'From the user', sort: 'input_octets', right: true, width: 110, cell: ({ input_octets }) => amount(input_octets) },
  { id: 'groupname', label: 'Group', width: '12%', hidden: true, cell: ({ groupname }) => groupname },
  { id: 'nas_ip_address', label: 'Access server', width: 140, hidden: true, cell: ({ nas_ip_address }) => <span className="w-mono">{nas_ip_address}</span> },
  { id: 'organization', label: 'Organization', width: '12%', hidden: true, phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="unknown" /> },
  { id: 'start_time', label: 'Began', sort: 'start_time', right: true, width: 120, phone: 'aside', cell: ({ start_time }) => <Moment at={start_time} /> },
  { id: 'stop_time', label: 'Ended', sort: 'stop_time', right: true, width: 120, hidden: true, cell: ({ stop_time }) => <Moment at={stop_time} never="" /> },
];

function Detail({ session }: { session: Session }) {
  const facts: [string, string | null][] = [
    ['Session', session.session_id],
    ['Group', session.groupname],
    ['Access server', session.nas_ip_address],
    ['Access point', session.called_station_id],
    ['Device', session.calling_station_id],
    ['Why it ended', session.terminate_cause],
  ];
  return (
    <ul className="w-rows">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <li key={name}>
            <span className="w-secondary">{name}</span>
            <span className="w-mono w-grow w-clip">{value}</span>
          </li>
        ))}
    </ul>
  );
}

/** The page. */
export default function SessionList() {
  const say = useText();
  return (
    <ListPage<Session>
      title="Sessions"
      what="sessions"
      columns={columns}
      sort={{ field: 'start_time', order: 'DESC' }}
      placeholder="User, device, access point or id"
      filters={[
        { ...organizationFilter, shown: true },
        { source: 'is_open', label: 'Open', kind: 'yesno', shown: true },
        { source: 'start_time', label: 'Began from', kind: 'time' },
        { source: 'stop_time', label: 'Ended before', kind: 'time' },
        { source: 'called_station_id', label: 'Access point', kind: 'text' },
        { source: 'calling_station_id', label: 'Device', kind: 'text' },
      ]}
      nameOf={({ username, id }) => username || String(id)}
      opens={false}
      detail={(session) => <Detail session={session} />}
      empty={<Empty title="No sessions yet">{say('They appear when a RADIUS server tells of them: its configuration is in docs/freeradius.')}</Empty>}
    />
  );
}
