// What went wrong: incidents group devices with one cause.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { organizationFilter, referenceFilter } from '../tenancy/filters';
import { IncidentStatus } from './IncidentStatus';
import type { Incident } from './healthTypes';

const columns: Column<Incident>[] = [
  { id: 'label', label: 'What', fixed: true, phone: 'title', cell: ({ id, label, cause }) => <Link className="w-name" to={`/incidents/${id}`}>{cause ? `${label}, behind ${cause.name}` : label}</Link> },
  { id: 'status', label: 'Status', phone: 'status', cell: (incident) => <IncidentStatus incident={incident} /> },
  { id: 'affected', label: 'Affected', right: true, width: 110, cell: ({ affected, devices }) => (affected === devices ? devices : `${affected} of ${devices}`) },
  { id: 'started', label: 'Began', sort: 'started', right: true, width: 130, phone: 'aside', cell: ({ started }) => <Moment at={started} /> },
  { id: 'ended', label: 'Ended', right: true, width: 130, cell: ({ ended }) => ended && <Moment at={ended} /> },
];

/** The page. */
export default function IncidentList() {
  const say = useText();
  return (
    <ListPage<Incident>
      title="Incidents"
      what="incidents"
      columns={columns}
      sort={{ field: 'started', order: 'DESC' }}
      filters={[
        { source: 'open', label: 'Open', kind: 'yesno', shown: true },
        { source: 'acknowledged', label: 'Taken', kind: 'yesno' },
        organizationFilter,
        referenceFilter('device', 'Device', 'devices'),
      ]}
      nameOf={({ label }) => label}
      empty={<Empty title="No incidents">{say('An incident begins when a check or a threshold says that devices are not well, and ends when all of them are again.')}</Empty>}
    />
  );
}
