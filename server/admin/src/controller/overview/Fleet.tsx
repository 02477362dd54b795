// How the whole fleet stands, in one bar whose numbers lead into the list.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider } from 'react-admin';
import { Card } from '../../design/Card';
import { FleetBar, FleetNumbers } from '../../design/FleetBar';
import { Failed, Loading } from '../../design/states';
import { useText } from '../../design/useText';
import { silentFilter } from '../devices/seen';
import { type ShownStatus, statusLook } from '../devices/status';
import { useChanges, usePace } from '../../live/useLive';
import type { ControllerProvider } from '../operations';
import { deviceListPath } from '../paths';
import type { Dashboard } from '../types';

const order: ShownStatus[] = ['applied', 'modified', 'error', 'deactivating', 'deactivated', 'unknown'];

/** The parts of the fleet with their lists. Devices without a configuration have no status to filter by. */
export function partsOf(dashboard: Dashboard) {
  return order.map((status) => ({
    ...statusLook[status],
    count: dashboard.config_status[status] ?? 0,
    to: deviceListPath(status === 'unknown' ? { has_config: false } : { config__status: status }),
  }));
}

/** What is wrong beside the status: devices nobody hears of, and configurations that a change could not renew. */
export function worriesOf(dashboard: Dashboard) {
  const worries = [
    { status: dashboard.silent ? ('critical' as const) : ('ok' as const), word: 'silent', count: dashboard.silent ?? 0, to: deviceListPath(silentFilter(dashboard)) },
    { status: 'problem' as const, word: 'not renewed', count: dashboard.config_not_renewed ?? 0, to: deviceListPath({ config__not_renewed: true }) },
  ];
  return worries.filter(({ count, word }) => count > 0 || word === 'silent');
}

/** How devices stand now; asked for again as time passes. */
export function useDashboard() {
  const provider = useDataProvider<ControllerProvider>();
  const pace = usePace('config.device', { untold: 30_000 });
  const query = useQuery({ queryKey: ['dashboard'], queryFn: () => provider.dashboard(), refetchInterval: pace });
  useChanges('config.device', () => void query.refetch());
  return query;
}

/** The card. */
export default function Fleet() {
  const say = useText();
  const { data, error, refetch } = useDashboard();
  return (
    <Card>
      <h2 className="w-hidden">{say('Configuration status')}</h2>
      {error && !data && <Failed reason={error.message} onRetry={() => void refetch()} />}
      {!data && !error && <Loading rows={2} />}
      {data && (
        <>
          <div className="w-row" style={{ justifyContent: 'space-between', padding: '8px 0 10px' }}>
            <span>
              <span className="w-figure">{data.devices.toLocaleString()}</span> {data.devices === 1 ? say('device') : say('devices')}
            </span>
            <span className="w-small w-muted">{say('%{value} have the configuration they should have', { value: (data.config_status.applied ?? 0).toLocaleString() })}</span>
          </div>
          <FleetBar parts={partsOf(data)} label={say('%{devices} devices by status', { devices: data.devices })} />
          <FleetNumbers parts={partsOf(data)} />
          <FleetNumbers parts={worriesOf(data)} />
        </>
      )}
    </Card>
  );
}
