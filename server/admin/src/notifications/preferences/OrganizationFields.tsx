// What an organization wants for its people: part of its form.
import { SelectInput } from 'react-admin';
import { FormCard, useMayChange } from '../../forms/FormParts';

const choices = [
  { id: '', name: 'As the server has it' },
  { id: 'true', name: 'On' },
  { id: 'false', name: 'Off' },
];
const parse = (value: string) => (value === '' ? null : value === 'true');
const format = (value: boolean | null | undefined) => (value === null || value === undefined ? '' : String(value));

/** The fields. */
export default function OrganizationFields() {
  const readOnly = !useMayChange('notification_settings');
  return (
    <FormCard title="Notifications" note="for people who chose nothing themselves">
      <SelectInput source="notification_settings.web" choices={choices} parse={parse} format={format} readOnly={readOnly} helperText={false} fullWidth />
      <SelectInput source="notification_settings.email" choices={choices} parse={parse} format={format} readOnly={readOnly} helperText="Without the web there are no e-mails" fullWidth />
    </FormCard>
  );
}
