// The thresholds of a device: what holds for each metric, where it was chosen, and a choice of its own.
import { Button, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { Link } from 'react-router-dom';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Status } from '../design/Status';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { originInWords, type Threshold, thresholdInWords } from './healthTypes';
import type { MonitoringProvider } from './operations';
import './monitoring.css';

/** A number that was typed; null where nothing was. */
export function numberOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text.replace(',', '.'));
}

function ThresholdDialog({ one, onClose }: { one: Threshold; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const { busy, attempt } = useAttempt();
  const text = (value: number | null) => (value === null ? '' : String(value));
  const [active, setActive] = useState(one.is_active === null ? '' : String(one.is_active));
  const [operator, setOperator] = useState(one.custom_operator ?? '');
  const [threshold, setThreshold] = useState(text(one.custom_threshold));
  const [tolerance, setTolerance] = useState(text(one.custom_tolerance));
  const wrong = [threshold, tolerance].some((value) => Number.isNaN(numberOf(value)));
  const save = (body: Partial<Threshold>) => void attempt(() => provider.changeThreshold(one.id, body), 'Saved').then((done) => done && onClose());
  return (
    <Ask
      title={say('Threshold of %{name}', { name: one.name })}
      verb="Save"
      keep="Cancel"
      busy={busy}
      blocked={wrong && 'Numbers are wanted.'}
      onDo={() => save({ is_active: active === '' ? null : active === 'true', custom_operator: operator === '' ? null : operator, custom_threshold: numberOf(threshold), custom_tolerance: numberOf(tolerance) })}
      onClose={onClose}
    >
      <p className="w-secondary">
        {say('Now it is not well when it is %{value}. What is left empty here is inherited from the group, the organization, or the metric.', { value: thresholdInWords({ operator: one.effective_operator, threshold: one.effective_threshold, tolerance: one.effective_tolerance }) })}
      </p>
      <div className="w-dialog-fields">
        <TextField select label={say('It is not well when it is')} value={operator} onChange={({ target }) => setOperator(target.value)} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} fullWidth>
          <MenuItem value="">{say('as inherited')}</MenuItem>
          <MenuItem value="<">{say('less than')}</MenuItem>
          <MenuItem value=">">{say('more than')}</MenuItem>
        </TextField>
        <TextField label={say('Threshold')} value={threshold} onChange={({ target }) => setThreshold(target.value)} placeholder={say('as inherited')} inputMode="decimal" fullWidth />
        <TextField label={say('People are told after')} value={tolerance} onChange={({ target }) => setTolerance(target.value)} placeholder={say('as inherited')} helperText={say('Minutes, at most 10080')} inputMode="numeric" fullWidth />
        <TextField select label={say('People are told')} value={active} onChange={({ target }) => setActive(target.value)} slotProps={{ select: { displayEmpty: true }, inputLabel: { shrink: true } }} fullWidth>
          <MenuItem value="">{say('as inherited')}</MenuItem>
          <MenuItem value="true">{say('yes')}</MenuItem>
          <MenuItem value="false">{say('no')}</MenuItem>
        </TextField>
      </div>
    </Ask>
  );
}

/** The tab. */
export default function DeviceThresholds() {
  const say = useText();
  const device = useRecordContext<{ id: string; group?: string | null; organization: string }>();
  const provider = useDataProvider<MonitoringProvider>();
  const id = String(device?.id ?? '');
  const change = useCanAccess({ resource: 'thresholds', action: 'change' });
  const [open, setOpen] = useState<Threshold>();
  const { data, error, refetch } = useQuery({ queryKey: ['monitoring', 'thresholds', id], queryFn: () => provider.deviceThresholds(id), enabled: id !== '' });
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  return (
    <Card title="Thresholds" more={<Link to="/alert-defaults">{say('Of organizations and groups')}</Link>} flush={data.length > 0}>
      {data.length === 0 && <Empty title="Nothing has a threshold yet">{say('A metric gets its threshold when it is measured for the first time.')}</Empty>}
      {data.length > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard
        <div className="w-scroll" tabIndex={0} role="region" aria-label={say('Thresholds')}>
          <table className="w-plain">
            <thead>
              <tr>
                {['Metric', 'Now', 'Not well when', 'From', 'People are told', ''].map((head) => (
                  <th key={head}>{head}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {data.map((one) => (
                <tr key={one.id}>
                  <td>
                    {one.name}
                    {one.is_critical && <span className="w-muted">{' '}{say('critical')}</span>}
                  </td>
                  <td>{one.is_healthy === null ? <Status status="unknown" word="not assessed" /> : one.is_healthy ? <Status status="ok" word="well" /> : <Status status={one.is_critical ? 'critical' : 'problem'} word="not well" />}</td>
                  <td>{thresholdInWords({ operator: one.effective_operator, threshold: one.effective_threshold, tolerance: one.effective_tolerance })}</td>
                  <td>{originInWords(one)}</td>
                  <td>{one.effective_is_active ? say('yes') : say('no')}</td>
                  <td>
                    {change.canAccess && (
                      <Button size="small" onClick={() => setOpen(one)} aria-label={say('Change the threshold of %{name}', { name: one.name })}>
                        {say('Change')}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {open && (
        <ThresholdDialog
          one={open}
          onClose={() => {
            setOpen(undefined);
            void refetch();
          }}
        />
      )}
    </Card>
  );
}
