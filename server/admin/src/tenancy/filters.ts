// Filters and names that lists of many concerns share: organizations.
import { useGetList, useGetOne } from 'react-admin';
import type { Filter } from '../lists/filters';
import { useManagedOrganizations } from './managed';
import type { Organization } from './types';

/** Filters by organization. */
export const organizationFilter: Filter = {
  source: 'organization',
  label: 'Organization',
  kind: 'choice',
  choices: () => useManagedOrganizations(),
  useName: (value) => useManagedOrganizations().find(({ id }) => id === value)?.name,
};

/** A filter by an object of a resource, found by its name. */
export function referenceFilter(source: string, label: string, resource: string): Filter {
  return {
    source,
    label,
    kind: 'choice',
    choices: (text) => {
      const { data = [] } = useGetList<Organization>(resource, { pagination: { page: 1, perPage: 50 }, sort: { field: 'name', order: 'ASC' }, filter: text ? { q: text } : {} });
      return data.map(({ id, name }) => ({ id: String(id), name }));
    },
    useName: (value) => useGetOne<Organization>(resource, { id: String(value) }, { enabled: value !== undefined && value !== '' }).data?.name,
  };
}
