// A device as it is now, beside the form, whose values must not change under anybody's hands.
import { useQuery } from '@tanstack/react-query';
import { useDataProvider, useRecordContext } from 'react-admin';
import type { ControllerProvider } from '../operations';
import type { Device } from '../types';
import { statusOf } from './status';

/** How often a device is asked for while something is awaited from it, and otherwise, in milliseconds. */
const pace = { awaited: 3_000, calm: 20_000 };

/** The device of the page, followed while the page is looked at. Live events of the server will end the asking. */
export function useLiveDevice(): Device | undefined {
  const record = useRecordContext<Device>();
  const provider = useDataProvider<ControllerProvider>();
  const { data } = useQuery({
    queryKey: ['devices', 'live', record?.id, record?.modified],
    queryFn: async () => (await provider.getOne<Device>('devices', { id: record?.id ?? '' })).data,
    enabled: record !== undefined,
    initialData: record,
    initialDataUpdatedAt: 0,
    refetchInterval: ({ state }) => (state.data && ['modified', 'deactivating'].includes(statusOf(state.data)) ? pace.awaited : pace.calm),
  });
  return data ?? record;
}
