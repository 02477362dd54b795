// What needs somebody: devices in error, one line for each cause.
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../../design/Card';
import { Moment } from '../../design/Moment';
import { Failed, Loading } from '../../design/states';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { useChanges } from '../../live/useLive';
import { deviceListPath } from '../paths';
import type { Device } from '../types';
import { byReason } from './reasons';

/** The card. */
export default function Attention() {
  const say = useText();
  const { data, total, error, isPending, refetch } = useGetList<Device>('devices', {
    pagination: { page: 1, perPage: 100 },
    sort: { field: 'modified', order: 'DESC' },
    filter: { config__status: 'error' },
  });
  useChanges('config.device', () => void refetch());
  const groups = byReason(data ?? []);
  return (
    <Card
      title="Needs attention"
      note={groups.length > 0 ? 'by cause' : undefined}
      more={groups.length > 0 && <Link to={deviceListPath({ config__status: 'error' })}>{say('All %{total}', { total: total?.toLocaleString() })}</Link>}
      flush={groups.length > 0}
    >
      {isPending && <Loading rows={3} />}
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {data && groups.length === 0 && <p className="w-secondary">{say('Nothing: no device reports an error.')}</p>}
      {groups.length > 0 && (
        <ul className="w-rows">
          {groups.slice(0, 8).map(({ reason, devices }) => {
            const [first] = devices;
            const to = devices.length === 1 && first ? `/devices/${first.id}` : deviceListPath({ config__status: 'error' });
            return (
              <li key={reason}>
                <Status status="critical" word="error" />
                <Link className="w-grow w-clip w-medium" to={to} title={reason}>
                  {reason}
                </Link>
                <span className="w-secondary w-clip w-rows-who">{devices.length === 1 ? first?.name : say('%{name} and %{number} more', { name: first?.name, number: devices.length - 1 })}</span>
                <b className="w-numbers">{devices.length}</b>
                <span className="w-small w-muted w-rows-time">
                  <Moment at={first?.modified} />
                </span>
              </li>
            );
          })}
        </ul>
      )}
    </Card>
  );
}
