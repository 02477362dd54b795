// The form of a group.
import { BooleanInput, required, TextInput } from 'react-admin';
import { FormCard, FormProblems, Locked, useMayChange } from '../forms/FormParts';
import { OrganizationInput } from '../tenancy/references';

/** The contents. */
export function GroupForm({ create = false }: { create?: boolean }) {
  const change = useMayChange('radiusgroups');
  return (
    <>
      <FormProblems />
      <Locked locked={!create && !change}>
        <FormCard title="Group">
          <OrganizationInput source="organization" readOnly={!create} />
          <TextInput source="name" validate={required()} helperText="The organization's slug is put in front" fullWidth />
          <TextInput source="description" helperText={false} fullWidth />
          <BooleanInput source="default" helperText="New members of the organization get it; one group of each organization is so" />
        </FormCard>
      </Locked>
    </>
  );
}
