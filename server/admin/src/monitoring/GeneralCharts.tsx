// Traffic and WiFi clients of the whole network, on the overview.
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider } from 'react-admin';
import { Failed, Loading } from '../design/states';
import { ChartCard } from './ChartCard';
import type { MonitoringProvider } from './operations';
import { PeriodBar } from './PeriodBar';
import type { Period } from './types';
import './monitoring.css';

/** The part of the overview; nothing where nobody measured anything. */
export default function GeneralCharts() {
  const provider = useDataProvider<MonitoringProvider>();
  const [period, setPeriod] = useState<Period>({ time: '7d' });
  const { data, error, refetch } = useQuery({ queryKey: ['monitoring', 'general', period], queryFn: () => provider.generalCharts(period), refetchInterval: 150_000, placeholderData: keepPreviousData });
  if (error && !data) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  if (!data) return <Loading rows={3} />;
  if (data.charts.length === 0 && period.time === '7d') return null;
  return (
    <div className="w-stack">
      <PeriodBar period={period} onChange={setPeriod} />
      <div className="w-charts">
        {data.charts.map((chart) => (
          <ChartCard key={chart.title} chart={chart} x={data.x ?? []} onZoom={(start, end) => setPeriod({ start: `${start}:00`, end: `${end}:00` })} />
        ))}
      </div>
    </div>
  );
}
