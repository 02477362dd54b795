// Upgrades as they are now: what sockets tell is shown at once.
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useDataProvider } from 'react-admin';
import type { ListAnswer } from '../api/types';
import { openLink } from '../live/socket';
import type { FirmwareProvider } from './operations';
import type { Operation } from './types';

/** An operation as sockets tell of it. */
export type Told = Pick<Operation, 'id' | 'device' | 'image' | 'status' | 'log' | 'progress' | 'modified'>;

/** The list with an operation as it is now; undefined where it is new, and the list is to be read. */
export function withOperation(list: ListAnswer<Operation> | undefined, told: Told): ListAnswer<Operation> | undefined {
  const known = list?.results.find(({ id }) => id === told.id);
  if (!list || !known) return undefined;
  if (known.modified > told.modified) return list;
  return { ...list, results: list.results.map((one) => (one === known ? { ...one, ...told } : one)) };
}

/** The latest upgrades of a device. */
export function useDeviceUpgrades(device: string) {
  const provider = useDataProvider<FirmwareProvider>();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['devices', 'upgrades', device],
    queryFn: () => provider.upgradesOf(device),
    refetchInterval: ({ state }) => (state.data?.results.some(({ status }) => status === 'in-progress') ? 5_000 : 60_000),
  });
  useEffect(() => {
    const key = ['devices', 'upgrades', device];
    const link = openLink({
      path: `/ws/firmware-upgrader/device/${device}/`,
      onFrame: (frame) => {
        const { type, operation } = frame as { type?: string; operation?: Told };
        const next = type === 'operation_update' && operation ? withOperation(queries.getQueryData(key), operation) : undefined;
        if (next) queries.setQueryData(key, next);
        else void queries.invalidateQueries({ queryKey: key });
        if (operation && operation.status !== 'in-progress') void queries.invalidateQueries({ queryKey: ['devices', 'firmware', device] });
      },
    });
    return () => link.close();
  }, [device, queries]);
  return query;
}

/** One operation. */
export function useOperation(id: string, first?: Operation) {
  const provider = useDataProvider<FirmwareProvider>();
  const queries = useQueryClient();
  const query = useQuery({ queryKey: ['upgradeoperations', 'one', id], queryFn: () => provider.upgradeOperation(id), initialData: first, initialDataUpdatedAt: 0, refetchInterval: ({ state }) => (state.data?.status === 'in-progress' ? 5_000 : 60_000) });
  useEffect(() => {
    const key = ['upgradeoperations', 'one', id];
    const link = openLink({
      path: `/ws/firmware-upgrader/upgrade-operation/${id}/`,
      onFrame: (frame) => {
        const { type, operation } = frame as { type?: string; operation?: Told };
        if (type === 'operation_update' && operation) queries.setQueryData<Operation>(key, (before) => (before && before.modified <= operation.modified ? { ...before, ...operation, waiting: before.waiting && operation.log === '' } : before));
        else void queries.invalidateQueries({ queryKey: key });
      },
    });
    return () => link.close();
  }, [id, queries]);
  return query;
}

/** A mass upgrade, with how far it is. */
export function useBatch(id: string) {
  const provider = useDataProvider<FirmwareProvider>();
  const queries = useQueryClient();
  const query = useQuery({
    queryKey: ['massupgrades', 'one', id],
    queryFn: () => provider.firmwareBatch(id),
    refetchInterval: ({ state }) => (state.data && ['idle', 'scheduled', 'in-progress'].includes(state.data.status) ? 5_000 : 60_000),
  });
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const link = openLink({
      path: `/ws/firmware-upgrader/batch-upgrade-operation/${id}/`,
      onFrame: () => {
        // many devices tell at once
        timer ??= setTimeout(() => {
          timer = undefined;
          for (const key of [['massupgrades', 'one', id], ['massupgrades', 'operations', id]]) void queries.invalidateQueries({ queryKey: key });
        }, 500);
      },
    });
    return () => {
      clearTimeout(timer);
      link.close();
    };
  }, [id, queries]);
  return query;
}
