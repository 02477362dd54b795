// Inputs that choose another object: an organization, a template.
import { AutocompleteInput, ReferenceInput, required, SelectInput } from 'react-admin';
import type { Template } from '../controller/types';
import { useManagedOrganizations, useSuperuser } from './managed';

/** The choice that stands for no organization at a shareable object. The API says null. */
const shared = { id: '', name: 'Shared systemwide (no organization)' };

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
