// How the whole fleet is, on the overview: a pie whose parts lead into the list, and the incidents that last.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { type FleetPart, FleetNumbers } from '../design/FleetBar';
import { Moment } from '../design/Moment';
import { Failed, Loading } from '../design/states';
import { useChanges } from '../live/useLive';
import type { FleetHealth as Numbers, Incident } from './healthTypes';
import { IncidentStatus } from './IncidentList';
import type { MonitoringProvider } from './operations';
import './monitoring.css';

const list = (status: string) => `/devices?filter=${encodeURIComponent(JSON.stringify({ monitoring__status: status }))}`;

/** The parts of the fleet, with their lists. */
export function healthParts(numbers: Numbers): FleetPart[] {
  return [
    { status: 'ok', word: 'well', count: numbers.ok, to: list('ok') },
    { status: 'problem', word: 'with a problem', count: numbers.problem, to: list('problem') },
    { status: 'critical', word: 'out of reach', count: numbers.critical, to: list('critical') },
    { status: 'unknown', word: 'unknown', count: numbers.unknown, to: list('unknown') },
  ];
}

/** The slices of a pie of radius 1 as paths, from the top, clockwise; empty parts have none. */
export function slicesOf(parts: FleetPart[]): { part: FleetPart; path: string }[] {
  const total = parts.reduce((sum, { count }) => sum + count, 0);
  let from = 0;
  const at = (turn: number) => `${Math.sin(turn * 2 * Math.PI).toFixed(4)} ${(-Math.cos(turn * 2 * Math.PI)).toFixed(4)}`;
  return parts
    .filter(({ count }) => count > 0)
    .map((part) => {
      const to = from + part.count / total;
      const path = part.count === total ? 'M0 -1A1 1 0 1 1 0 1A1 1 0 1 1 0 -1Z' : `M0 0L${at(from)}A1 1 0 ${to - from > 0.5 ? 1 : 0} 1 ${at(to)}Z`;
      from = to;
      return { part, path };
    });
}

/** The card. */
export default function FleetHealth() {
  const provider = useDataProvider<MonitoringProvider>();
  const { data, error, refetch } = useQuery({ queryKey: ['monitoring', 'fleet'], queryFn: () => provider.fleetHealth(), refetchInterval: 60_000 });
  const incidents = useGetList<Incident>('incidents', { pagination: { page: 1, perPage: 5 }, sort: { field: 'started', order: 'DESC' }, filter: { open: true } });
  useChanges('device_monitoring.devicemonitoring', () => void refetch());
  useChanges('monitoring.incident', () => void incidents.refetch());
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  if (data.devices === 0) return null;
  const parts = healthParts(data);
  return (
    <Card title="Health" more={data.incidents > 0 && <Link to="/incidents?filter=%7B%22open%22%3Atrue%7D">{data.incidents === 1 ? 'One incident' : `${data.incidents.toLocaleString()} incidents`}</Link>}>
      <div className="w-pie-row">
        <svg className="w-pie" viewBox="-1.05 -1.05 2.1 2.1" role="img" aria-label={parts.map(({ count, word }) => `${count} ${word}`).join(', ')}>
          {slicesOf(parts).map(({ part, path }) => (
            <path key={part.word} d={path} className={`w-pie-${part.status}`}>
              <title>{`${part.count.toLocaleString()} ${part.word}`}</title>
            </path>
          ))}
        </svg>
        <FleetNumbers parts={parts} />
      </div>
      {(incidents.data ?? []).length > 0 && (
        <ul className="w-rows">
          {incidents.data?.map((incident) => (
            <li key={incident.id}>
              <IncidentStatus incident={incident} />
              <Link className="w-grow w-clip w-medium" to={`/incidents/${incident.id}`}>
                {incident.cause ? `${incident.label}, behind ${incident.cause.name}` : incident.label}
              </Link>
              <b className="w-numbers">{incident.affected}</b>
              <span className="w-small w-muted w-rows-time">
                <Moment at={incident.started} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}
