// Why a device is as it is: what fails, since when, what it means, what was changed before.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Failed, Loading } from '../design/states';
import { Reference } from '../lists/Reference';
import { useChanges } from '../live/useLive';
import { shapeOf } from './healthTypes';
import type { MonitoringProvider } from './operations';
import './monitoring.css';

/** The part of the device's page. */
export default function DeviceHealth() {
  const record = useRecordContext();
  const provider = useDataProvider<MonitoringProvider>();
  const id = String(record?.id ?? '');
  const { data: why, error, refetch } = useQuery({ queryKey: ['monitoring', 'health', id], queryFn: () => provider.deviceHealth(id), enabled: id !== '' });
  useChanges('device_monitoring.devicemonitoring', () => void refetch(), id);
  if (error) return <Failed reason={error instanceof Error ? error.message : undefined} onRetry={() => void refetch()} />;
  if (!why) return <Loading />;
  return (
    <div className="w-stack">
      <Card title="Health">
        <p>
          <Status status={shapeOf(why.status)} word={why.status} /> {why.since && <>since <Moment at={why.since} /></>}
        </p>
        <p>{why.meaning}</p>
        {why.uplink && (
          <p>
            It is reached through{' '}
            <Link to={`/devices/${why.uplink}/health`}>
              <Reference resource="devices" id={why.uplink} />
            </Link>
            , which is <Status status={shapeOf(why.uplink_status)} word={why.uplink_status} />.
          </p>
        )}
        {why.incidents.map((incident) => (
          <p key={incident.id}>
            Part of the incident <Link to={`/incidents/${incident.id}`}>{incident.label}</Link> with {incident.affected === 1 ? 'one device' : `${incident.affected} devices`}.
          </p>
        ))}
      </Card>
      {why.failing.length > 0 && (
        <Card title="What fails">
          <ul className="w-happened">
            {why.failing.map((one) => (
              <li key={one.metric}>
                <Status status={one.critical ? 'critical' : 'problem'} word={one.name} /> {one.since && <>since <Moment at={one.since} /></>}
                {one.value !== null && ` · ${Number(one.value.toPrecision(5))}, which is ${one.operator === '<' ? 'less' : 'more'} than ${one.threshold}`}
                {!one.alerted && one.tolerance > 0 && ` · people are told after ${one.tolerance} minutes`}
                <p className="w-note">{one.meaning}</p>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {why.failing.length > 0 && (
        <Card title="What changed before">
          {why.changes.length === 0 ? <p>Nothing is recorded of the day before.</p> : null}
          <ol className="w-happened">
            {why.changes.map((change) => (
              <li key={`${change.at} ${change.text}`}>
                <Moment at={change.at} /> <span>{change.text}</span> {change.author && <span className="w-note">{change.author}</span>}
              </li>
            ))}
          </ol>
        </Card>
      )}
    </div>
  );
}
