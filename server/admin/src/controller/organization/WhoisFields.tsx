// The choice of an organization to have the addresses of its devices looked up.
import { SelectInput } from 'react-admin';
import { FormCard, useMayChange } from '../../forms/FormParts';

const choices = [
  { id: 'true', name: 'Look them up' },
  { id: 'false', name: 'Do not look them up' },
];

/** The field. */
export default function WhoisFields() {
  const locked = !useMayChange('whois');
  return (
    <FormCard title="Public addresses of devices">
      <SelectInput
        source="whois.whois_enabled"
        label="Who operates them, and where they are"
        choices={choices}
        emptyText="As everywhere in this installation"
        emptyValue={null}
        format={(value: unknown) => (typeof value === 'boolean' ? String(value) : '')}
        parse={(value: string) => (value === 'true' ? true : value === 'false' ? false : null)}
        helperText="Shown on the pages of devices. The addresses may be sent to the service that the installation is configured for."
        readOnly={locked}
        fullWidth
      />
    </FormCard>
  );
}
