// Inputs that choose another object: an organization, a template.
import { AutocompleteInput, ReferenceInput, required, SelectInput, useCanAccess, useGetList, usePermissions } from 'react-admin';
import type { Session } from '../api/types';
import type { Template } from '../controller/types';

/** The choice that stands for no organization at a shareable object. The API says null. */
const shared = { id: '', name: 'Shared systemwide (no organization)' };

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

interface OrganizationInputProps {
  source: string;
  /** For a filter: nothing is required and nothing preselected. */
  filter?: boolean;
  /** Superusers may choose no organization. */
  shareable?: boolean;
  alwaysOn?: boolean;
  readOnly?: boolean;
  label?: string;
}

/** Chooses an organization; when there is only one to choose it is preselected. */
export function OrganizationInput({ source, filter = false, shareable = false, readOnly, label }: OrganizationInputProps) {
  const organizations = useManagedOrganizations();
  const superuser = useSuperuser();
  const offerShared = shareable && !filter && (superuser || readOnly === true);
  const only = !filter && !offerShared && organizations.length === 1 ? organizations[0].id : undefined;
  return (
    <SelectInput helperText={false}
      key={only ?? 'none'}
      source={source}
      choices={offerShared ? [shared, ...organizations] : organizations}
      defaultValue={only}
      validate={filter || offerShared ? undefined : required()}
      emptyText={filter ? 'Any' : undefined}
      format={(value: string | null | undefined) => value ?? ''}
      parse={(value: string) => (value === '' ? null : value)}
      readOnly={readOnly}
      label={label}
      fullWidth
    />
  );
}

/** Chooses a template to filter by. */
export function TemplateFilterInput({ source }: { source: string; alwaysOn?: boolean }) {
  return (
    <ReferenceInput source={source} reference="templates" perPage={50} sort={{ field: 'name', order: 'ASC' }}>
      <AutocompleteInput<Template>
        optionText="name"
        filterToQuery={(text: string) => ({ q: text })}
        sx={{ minWidth: 200 }}
        fullWidth
      />
    </ReferenceInput>
  );
}
