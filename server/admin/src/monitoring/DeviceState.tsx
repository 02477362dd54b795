// How devices are, as a column of their list: asked for all rows at once.
import { useQuery } from '@tanstack/react-query';
import { type RaRecord, useDataProvider, useListContext } from 'react-admin';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';
import { useChanges } from '../live/useLive';
import { Status } from '../design/Status';
import { shapeOf } from './healthTypes';
import type { MonitoringProvider } from './operations';

/** The statuses people look for, the worst first. */
export const healthStatuses = ['critical', 'problem', 'ok', 'unknown', 'deactivated'] as const;

function HealthCell({ device }: { device: RaRecord }) {
  const provider = useDataProvider<MonitoringProvider>();
  const { data = [] } = useListContext();
  const ids = data.map(({ id }) => id);
  const { data: states, refetch } = useQuery({ queryKey: ['monitoring', 'states', ids], queryFn: () => provider.deviceStates(ids), enabled: ids.length > 0, staleTime: 5_000 });
  useChanges('device_monitoring.devicemonitoring', () => void refetch());
  const state = states?.find((one) => one.device === device.id);
  if (!state) return null;
  return <Status status={shapeOf(state.status)} word={state.status} title={state.failing.join(', ')} />;
}

/** The column. */
export const healthColumn: Column<RaRecord> = { id: 'health', label: 'Health', width: 116, phone: 'note', cell: (device) => <HealthCell device={device} /> };

function useKinds() {
  const provider = useDataProvider<MonitoringProvider>();
  const { data = [] } = useQuery({ queryKey: ['monitoring', 'kinds'], queryFn: () => provider.thresholdKinds(), staleTime: 300_000 });
  return data.map(({ id, label }) => ({ id, name: label }));
}

/** The filters. */
export const healthFilters: Filter[] = [
  { source: 'monitoring__status', label: 'Health', kind: 'choice', shown: true, choices: healthStatuses.map((id) => ({ id, name: id })) },
  { source: 'unhealthy_metric', label: 'Not well', kind: 'choice', choices: () => useKinds(), useName: (value) => useKinds().find(({ id }) => id === value)?.name },
];
