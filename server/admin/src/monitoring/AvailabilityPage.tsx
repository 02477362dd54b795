// How much of a month devices, or the devices of places, could be reached: for people who have to prove it.
import { Button, FormControlLabel, MenuItem, Switch, TextField, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Download } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Link } from 'react-router-dom';
import { apiRoot, queryString } from '../api/client';
import { Card } from '../design/Card';
import { PageHead } from '../design/PageHead';
import { Status } from '../design/Status';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useManagedOrganizations } from '../tenancy/managed';
import { durationInWords, percentInWords } from './healthTypes';
import { type MonitoringProvider, timezone } from './operations';
import './monitoring.css';

/** The last months, this one first, as the API takes them. */
export function monthsBefore(now: Date, count: number): { id: string; name: string }[] {
  return Array.from({ length: count }, (_, back) => {
    const at = new Date(now.getFullYear(), now.getMonth() - back, 1);
    return { id: `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, '0')}`, name: at.toLocaleDateString(undefined, { month: 'long', year: 'numeric' }) };
  });
}

/** The page. */
export default function AvailabilityPage() {
  const say = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const months = monthsBefore(new Date(), 13);
  const organizations = useManagedOrganizations();
  const [month, setMonth] = useState(months[0].id);
  const [by, setBy] = useState('device');
  const [organization, setOrganization] = useState('');
  const [planned, setPlanned] = useState(false);
  const query = { month, by, time_zone: timezone, organization: organization || undefined, maintenance: planned ? 'count' : undefined };
  const { data, error, refetch, isPending } = useQuery({ queryKey: ['monitoring', 'availability', query], queryFn: () => provider.availability(query) });
  const file = (format: string) => `${apiRoot}monitoring/availability/${queryString({ ...query, file: format })}`;
  return (
    <div className="w-page">
      <PageHead title="Availability">
        <Button variant="outlined" component="a" href={file('csv')} startIcon={<Download size={16} />}>
          {say('CSV')}
        </Button>
        <Button variant="outlined" component="a" href={file('pdf')} startIcon={<Download size={16} />}>
          {say('PDF')}
        </Button>
      </PageHead>
      <div className="w-map-filters">
        <TextField select size="small" sx={{ width: 200 }} value={month} onChange={({ target }) => setMonth(target.value)} slotProps={{ htmlInput: { 'aria-label': say('Month') } }}>
          {months.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {organizations.length > 1 && (
          <TextField select size="small" sx={{ width: 200 }} value={organization} onChange={({ target }) => setOrganization(target.value)} slotProps={{ htmlInput: { 'aria-label': say('Organization') }, select: { displayEmpty: true } }}>
            <MenuItem value="">{say('All organizations')}</MenuItem>
            {organizations.map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
        )}
        <ToggleButtonGroup exclusive size="small" value={by} onChange={(_, value: string | null) => value && setBy(value)} aria-label={say('A row for each')}>
          <ToggleButton value="device">{say('Devices')}</ToggleButton>
          <ToggleButton value="location">{say('Locations')}</ToggleButton>
        </ToggleButtonGroup>
        <FormControlLabel control={<Switch size="small" checked={planned} onChange={(_, checked) => setPlanned(checked)} />} label={say('Count maintenance too')} />
      </div>
      <div className="w-gap" />
      {error && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {isPending && <Loading rows={4} />}
      {data && (
        <Card title={percentInWords(data.total.availability)} note={say('of %{devices} devices, %{down} out of reach, goal %{target} %', { devices: data.total.devices.toLocaleString(), down: durationInWords(data.total.down), target: data.target })} flush={data.rows.length > 0}>
          {data.rows.length === 0 && <Empty title="Nothing was measured">{say('Availability is counted from the answers to ping.')}</Empty>}
          {data.rows.length > 0 && (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard
            <div className="w-scroll" tabIndex={0} role="region" aria-label={say('Availability')}>
              <table className="w-plain">
                <thead>
                  <tr>
                    {[by === 'device' ? 'Device' : 'Location', ...(by === 'device' ? ['Location'] : ['Devices']), 'Availability', 'Out of reach', 'Measured', 'Maintenance', 'Incidents'].map((head) => (
                      <th key={head}>{say(head)}</th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {data.rows.map((row) => (
                    <tr key={row.id || 'nowhere'}>
                      <td>{row.id ? <Link to={by === 'device' ? `/devices/${row.id}/health` : `/locations/${row.id}`}>{row.name}</Link> : row.name}</td>
                      <td>{by === 'device' ? row.location : row.devices}</td>
                      <td>
                        <Status status={row.availability === null ? 'unknown' : row.availability < data.target ? 'problem' : 'ok'} word={percentInWords(row.availability)} />
                      </td>
                      <td>{durationInWords(row.down)}</td>
                      <td>{durationInWords(row.measured)}</td>
                      <td>{durationInWords(row.planned)}</td>
                      <td>{row.incidents}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )}
        </Card>
      )}
    </div>
  );
}
