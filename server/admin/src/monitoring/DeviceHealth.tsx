// Why a device is as it is: what fails, since when, what it means, what was changed before.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { Reference } from '../lists/Reference';
import { useChanges } from '../live/useLive';
import { shapeOf } from './healthTypes';
import type { MonitoringProvider } from './operations';
import './monitoring.css';

/** The part of the device's page. */
export default function DeviceHealth() {
  const say = useText();
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
          <Status status={shapeOf(why.status)} word={why.status} /> {why.since && <>{say('since')}{' '}<Moment at={why.since} /></>}
        </p>
        <p>{why.meaning}</p>
        {why.uplink && (
          <p>
            {say('It is reached through')}{' '}
            <Link to={`/devices/${why.uplink}/health`}>
              <Reference resource="devices" id={why.uplink} />
            </Link>
            {say(', which is')}{' '}<Status status={shapeOf(why.uplink_status)} word={why.uplink_status} />.
          </p>
        )}
        {why.incidents.map((incident) => (
          <p key={incident.id}>
            {say('Part of the incident')}{' '}<Link to={`/incidents/${incident.id}`}>{incident.label}</Link>{' '}{say('with')}{' '}{incident.affected === 1 ? say('one device') : say('%{affected} devices', { affected: incident.affected })}.
          </p>
        ))}
      </Card>
      {why.failing.length > 0 && (
        <Card title="What fails">
          <ul className="w-happened">
            {why.failing.map((one) => (
              <li key={one.metric}>
                <Status status={one.critical ? 'critical' : 'problem'} word={one.name} /> {one.since && <>{say('since')}{' '}<Moment at={one.since} /></>}
                {one.value !== null && say(' · %{value}, which is %{value2} than %{threshold}', { value: Number(one.value.toPrecision(5)), value2: one.operator === '<' ? 'less' : 'more', threshold: one.threshold })}
                {!one.alerted && one.tolerance > 0 && say(' · people are told after %{tolerance} minutes', { tolerance: one.tolerance })}
                <p className="w-note">{one.meaning}</p>
              </li>
            ))}
          </ul>
        </Card>
      )}
      {why.failing.length > 0 && (
        <Card title="What changed before">
          {why.changes.length === 0 ? <p>{say('Nothing is recorded of the day before.')}</p> : null}
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
