// The charts of a device: ranges, zoom, the week before, as a table; they follow what the device sends.
import { Button, FormControlLabel, Switch } from '@mui/material';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider, useRecordContext } from 'react-admin';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import { useChanges, usePace } from '../live/useLive';
import { ChartCard } from './ChartCard';
import { csvAddress, type MonitoringProvider } from './operations';
import { PeriodBar } from './PeriodBar';
import type { Period } from './types';
import { weekBefore } from './values';
import './monitoring.css';

const kind = 'device_monitoring.devicedata';

/** The part of the device's page. */
export default function DeviceCharts() {
  const say = useText();
  const record = useRecordContext();
  const provider = useDataProvider<MonitoringProvider>();
  const [period, setPeriod] = useState<Period>({ time: '1d' });
  const [compare, setCompare] = useState(false);
  const pace = usePace(kind, { untold: 150_000 });
  const id = record?.id ?? '';
  const { data, error, refetch } = useQuery({
    queryKey: ['monitoring', 'charts', id, period],
    queryFn: () => provider.deviceCharts(id, period),
    enabled: id !== '',
    refetchInterval: pace,
    placeholderData: keepPreviousData,
  });
  const earlier = weekBefore(period, new Date());
  const { data: before } = useQuery({
    queryKey: ['monitoring', 'before', id, period],
    queryFn: () => provider.deviceCharts(id, earlier ?? period),
    enabled: id !== '' && compare && earlier !== undefined,
  });
  useChanges(kind, () => void refetch(), String(id));
  if (!data && !error) return <Loading />;
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  return (
    <div className="w-stack">
      <PeriodBar period={period} onChange={setPeriod}>
        <FormControlLabel control={<Switch size="small" checked={compare && earlier !== undefined} disabled={!earlier} onChange={(_, on) => setCompare(on)} />} label={say('Compare with the week before')} />
        <Button size="small" href={csvAddress(id, period)} download>
          {say('Table')}
        </Button>
      </PeriodBar>
      {data?.charts.length === 0 && <Empty title="Nothing was measured in this time">{say('A device with a monitoring agent tells of itself every five minutes.')}</Empty>}
      <div className="w-charts">
        {data?.charts.map((chart) => (
          <ChartCard
            key={chart.title}
            chart={chart}
            x={data.x ?? []}
            before={compare ? before?.charts.find(({ title }) => title === chart.title) : undefined}
            onZoom={(start, end) => setPeriod({ start: `${start}:00`, end: `${end}:00` })}
          />
        ))}
      </div>
    </div>
  );
}
