// A device as it is now, beside the form, whose values must not change under anybody's hands.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import { useChanges, usePace } from '../../live/useLive';
import type { ControllerProvider } from '../operations';
import type { Device } from '../types';
import { statusOf } from './status';

const kind = 'config.device';

/** How often a device is asked for where nobody tells of it, while something is awaited from it, in milliseconds. */
const awaited = 3_000;

/** The device of the page, followed while the page is looked at. */
export function useLiveDevice(): Device | undefined {
  const record = useRecordContext<Device>();
  const provider = useDataProvider<ControllerProvider>();
  const pace = usePace(kind);
  const hasty = usePace(kind, { untold: awaited });
  const { data, refetch } = useQuery({
    queryKey: ['devices', 'live', record?.id, record?.modified],
    queryFn: async () => (await provider.getOne<Device>('devices', { id: record?.id ?? '' })).data,
    enabled: record !== undefined,
    initialData: record,
    initialDataUpdatedAt: 0,
    refetchInterval: ({ state }) => (state.data && ['modified', 'deactivating'].includes(statusOf(state.data)) ? hasty : pace),
  });
  useChanges(kind, () => void refetch(), record && String(record.id));
  return data ?? record;
}
