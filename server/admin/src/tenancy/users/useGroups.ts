import { type RaRecord, useCanAccess, useGetList } from 'react-admin';
import type { Group } from '../types';

/** Every group; none for callers who may not see groups. */
export function useGroups(): Group[] {
  const { canAccess } = useCanAccess({ resource: 'groups', action: 'list' });
  const { data } = useGetList<Group & RaRecord>('groups', { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' }, filter: {} }, { staleTime: 60_000, enabled: canAccess === true });
  return data ?? [];
}
