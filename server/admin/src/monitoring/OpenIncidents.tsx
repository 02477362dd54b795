// The incidents that last, on the overview. How many devices are well is a chart of the dashboard.
import { useGetList } from 'react-admin';
import { Link } from 'react-router-dom';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { Failed } from '../design/states';
import { useText } from '../design/useText';
import { useChanges } from '../live/useLive';
import type { Incident } from './healthTypes';
import { IncidentStatus } from './IncidentStatus';
import './monitoring.css';

/** The card; nothing while there is no incident. */
export default function OpenIncidents() {
  const say = useText();
  const { data, total, error, refetch } = useGetList<Incident>('incidents', { pagination: { page: 1, perPage: 5 }, sort: { field: 'started', order: 'DESC' }, filter: { open: true } });
  useChanges('monitoring.incident', () => void refetch());
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data || data.length === 0) return null;
  const count = total ?? data.length;
  return (
    <Card title="Incidents" more={<Link to="/incidents?filter=%7B%22open%22%3Atrue%7D">{count === 1 ? say('One incident') : say('All %{count}', { count: count.toLocaleString() })}</Link>} flush>
      <ul className="w-rows">
        {data.map((incident) => (
          <li key={incident.id}>
            <IncidentStatus incident={incident} />
            <Link className="w-grow w-clip w-medium" to={`/incidents/${incident.id}`}>
              {incident.cause ? say('%{label}, behind %{name}', { label: incident.label, name: incident.cause.name }) : incident.label}
            </Link>
            <b className="w-numbers">{incident.affected}</b>
            <span className="w-small w-muted w-rows-time">
              <Moment at={incident.started} />
            </span>
          </li>
        ))}
      </ul>
    </Card>
  );
}
