// Which WiFi clients were where, and when.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import type { Column as Exported } from '../lists/csv';
import { ExportButton } from '../lists/ExportButton';
import { ListPage } from '../lists/ListPage';
import { organizationFilter, referenceFilter } from '../tenancy/filters';
import type { Session } from './types';

const generationOf = ({ wifi6, wifi5, wifi4 }: Session['client']) => (wifi6 === 'True' ? 'WiFi 6' : wifi5 === 'True' ? 'WiFi 5' : wifi4 === 'True' ? 'WiFi 4' : '');

const columns: Column<Session>[] = [
  { id: 'client', label: 'Client', fixed: true, width: 160, phone: 'title', cell: ({ client }) => <span className="w-mono">{client.mac_address}</span> },
  { id: 'vendor', label: 'Vendor', phone: 'address', cell: ({ client }) => client.vendor },
  { id: 'device', label: 'Device', phone: 'status', cell: ({ device, device_id }) => <Link className="w-name" to={`/devices/${device_id}/charts`}>{device}</Link> },
  { id: 'ssid', label: 'Network', cell: ({ ssid }) => ssid },
  { id: 'interface_name', label: 'Interface', width: 100, cell: ({ interface_name }) => interface_name },
  { id: 'generation', label: 'Speaks', width: 80, cell: ({ client }) => generationOf(client) },
  { id: 'start_time', label: 'Began', sort: 'start_time', right: true, width: 120, phone: 'aside', cell: ({ start_time }) => <Moment at={start_time} /> },
  { id: 'stop_time', label: 'Ended', right: true, width: 120, cell: ({ stop_time }) => (stop_time ? <Moment at={stop_time} /> : <Status status="ok" word="online" />) },
];

const exported: Exported<Session>[] = [
  ...(['organization', 'device', 'ssid', 'interface_name', 'start_time', 'stop_time', 'id'] as const).map((title): Exported<Session> => ({ title, of: (session) => session[title] })),
  { title: 'mac_address', of: ({ client }) => client.mac_address },
  { title: 'vendor', of: ({ client }) => client.vendor },
];

/** The page. */
export default function WifiSessionList() {
  const say = useText();
  return (
    <ListPage<Session>
      title="WiFi sessions"
      what="WiFi sessions"
      columns={columns}
      sort={{ field: 'start_time', order: 'DESC' }}
      placeholder="MAC address, network, interface"
      filters={[
        { source: 'stop_time__isnull', label: 'Online', kind: 'yesno', shown: true },
        { ...organizationFilter, source: 'device__organization' },
        referenceFilter('device', 'Device', 'devices'),
        { source: 'start_time__gte', label: 'Began after', kind: 'time' },
        { source: 'start_time__lte', label: 'Began before', kind: 'time' },
      ]}
      actions={<ExportButton<Session> name="wifi-sessions" columns={exported} />}
      nameOf={({ client }) => client.mac_address}
      empty={<Empty title="No WiFi sessions yet">{say('A session is the time for which a client is at an access point. Devices with a monitoring agent tell of them.')}</Empty>}
    />
  );
}
