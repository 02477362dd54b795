// The choice of an organization to have its devices placed by their public addresses.
import { SelectInput } from 'react-admin';
import { FormCard, useMayChange } from '../forms/FormParts';

const choices = [
  { id: 'true', name: 'Place them' },
  { id: 'false', name: 'Leave them off the map' },
];

/** The field. */
export default function EstimateFields() {
  const locked = !useMayChange('estimates');
  return (
    <FormCard title="Estimated locations">
      <SelectInput
        source="estimates.estimated_location_enabled"
        label="Devices without a location"
        choices={choices}
        emptyText="As everywhere in this installation"
        emptyValue={null}
        format={(value: unknown) => (typeof value === 'boolean' ? String(value) : '')}
        parse={(value: string) => (value === 'true' ? true : value === 'false' ? false : null)}
        helperText="By where their public addresses are. It needs these addresses to be looked up."
        readOnly={locked}
        fullWidth
      />
    </FormCard>
  );
}
