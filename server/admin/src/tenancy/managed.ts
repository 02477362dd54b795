// What the session manages, for pages that ask about it without an input.
import { useCanAccess, useGetList, usePermissions } from 'react-admin';
import type { Session } from '../api/types';

/** The organizations the session manages; a superuser's are all of them. */
export function useManagedOrganizations(): { id: string; name: string }[] {
  const { permissions } = usePermissions<Session>();
  const superuser = permissions?.user.is_superuser ?? false;
  const { data } = useGetList<{ id: string; name: string }>(
    'organizations',
    { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' } },
    { enabled: superuser, staleTime: 60_000 },
  );
  if (superuser) return data ?? permissions?.organizations ?? [];
  return permissions?.organizations.filter((organization) => organization.is_admin) ?? [];
}

/** Whether the caller may choose from a resource, and the server has it at all: it may run without that part. */
export function useOffered(resource: string): boolean {
  const { canAccess } = useCanAccess({ resource, action: 'list' });
  const { data } = useGetList(
    resource,
    { pagination: { page: 1, perPage: 1 } },
    { enabled: canAccess === true, retry: false, staleTime: 300_000 },
  );
  return data !== undefined;
}

/** Whether a superuser is logged in. */
export function useSuperuser(): boolean {
  return usePermissions<Session>().permissions?.user.is_superuser ?? false;
}
