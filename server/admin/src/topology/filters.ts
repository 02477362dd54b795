// The filter by a topology, which nodes and links share.
import { useGetList, useGetOne } from 'react-admin';
import type { Filter } from '../lists/filters';
import type { Topology } from './types';

/** Filters by topology. */
export const topologyFilter: Filter = {
  source: 'topology',
  label: 'Topology',
  kind: 'choice',
  choices: (text) => {
    const { data = [] } = useGetList<Topology>('topologies', { pagination: { page: 1, perPage: 50 }, sort: { field: 'label', order: 'ASC' }, filter: text ? { q: text } : {} });
    return data.map(({ id, label }) => ({ id, name: label }));
  },
  useName: (value) => useGetOne<Topology>('topologies', { id: String(value) }, { enabled: value !== undefined && value !== '' }).data?.label,
};
