// How a device is reached, kept up to date.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { useChanges, usePace } from '../live/useLive';
import type { ConnectionProvider } from './operations';

/** The kind of device connections, as the server names it. */
export const connectionKind = 'connection.deviceconnection';

/** Reads it, and reads it again after attempts and pushes. */
export function useReach() {
  const device = useRecordContext();
  const provider = useDataProvider<ConnectionProvider>();
  const pace = usePace(connectionKind, { untold: 5_000 });
  const query = useQuery({
    queryKey: ['devices', 'reach', device?.id],
    queryFn: () => provider.reach(device?.id ?? ''),
    enabled: device !== undefined,
    // a push that waits for nothing but its turn is soon over
    refetchInterval: ({ state }) => (state.data?.push?.state === 'waiting' && !state.data.push.next_attempt ? 2_000 : pace),
  });
  useChanges(connectionKind, () => void query.refetch());
  useChanges('config.device', () => void query.refetch(), device && String(device.id));
  return query;
}
