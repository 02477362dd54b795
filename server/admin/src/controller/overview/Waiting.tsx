// Devices that have not taken their configuration yet, and the newest ones.
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { Moment } from '../../design/Moment';
import { Loading } from '../../design/states';
import { useText } from '../../design/useText';
import { statusOf } from '../devices/status';
import { StatusChip } from '../devices/StatusChip';
import { useChanges } from '../../live/useLive';
import { deviceListPath } from '../paths';
import type { Device } from '../types';

function Few({ title, filter, empty, field }: { title: string; filter: Record<string, unknown>; empty: string; field: 'created' | 'modified' }) {
  const say = useText();
  const { data, isPending, refetch } = useGetList<Device>('devices', { pagination: { page: 1, perPage: 5 }, sort: { field, order: 'DESC' }, filter });
  useChanges('config.device', () => void refetch());
  return (
    <Card title={title} more={data && data.length > 0 && <Link to={deviceListPath(filter)}>{say('All')}</Link>} flush={Boolean(data?.length)}>
      {isPending && <Loading rows={3} />}
      {data?.length === 0 && <p className="w-secondary">{empty}</p>}
      {data && data.length > 0 && (
        <ul className="w-rows">
          {data.map((device) => (
            <li key={device.id}>
              <Link className="w-grow w-clip w-medium" to={`/devices/${device.id}`}>
                {device.name}
              </Link>
              <StatusChip status={statusOf(device)} title={device.config?.error_reason} />
              <span className="w-small w-muted w-rows-time">
                <Moment at={device[field]} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

/** Devices whose configuration changed and that have not applied it. */
export function Waiting() {
  return <Few title="Waiting" filter={{ config__status: 'modified' }} empty="Every device has taken its configuration." field="modified" />;
}

/** The devices that came last. */
export function Newest() {
  return <Few title="Newest devices" filter={{}} empty="No device has registered yet." field="created" />;
}
