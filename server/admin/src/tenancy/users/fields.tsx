// Inputs of a user that the pages for new and for existing users share.
import { BooleanInput, DateInput, email, ReferenceArrayInput, required, SelectArrayInput, TextInput, useCanAccess } from 'react-admin';
import { useSuperuser } from '../references';

/** An empty text as null: phone number and birth date know no empty text. */
export function emptyToNull(value: string): string | null {
  return value === '' ? null : value;
}

/** Name and address of a person. */
export function PersonInputs() {
  return (
    <>
      <TextInput helperText={false} source="username" validate={required()} fullWidth slotProps={{ htmlInput: { autoComplete: 'off' } }} />
      <TextInput helperText={false} source="email" validate={[required(), email()]} fullWidth slotProps={{ htmlInput: { autoComplete: 'off' } }} />
      <TextInput helperText={false} source="first_name" fullWidth />
      <TextInput helperText={false} source="last_name" fullWidth />
      <TextInput helperText={false} source="phone_number" placeholder="+39 366 1234567" parse={emptyToNull} fullWidth />
      <DateInput helperText={false} source="birth_date" parse={emptyToNull} fullWidth />
    </>
  );
}

/** What a user is and may do. */
export function RoleInputs() {
  const superuser = useSuperuser();
  const groups = useCanAccess({ resource: 'groups', action: 'list' });
  return (
    <>
      <BooleanInput source="is_active" helperText="Whoever is not active cannot log in by any means" />
      <BooleanInput source="is_staff" helperText="May use this admin; others look after their own account only" />
      {superuser && <BooleanInput source="is_superuser" helperText="Has every permission in every organization" />}
      {groups.canAccess && (
        <ReferenceArrayInput source="groups" reference="groups" perPage={100}>
          <SelectArrayInput helperText={false} optionText="name" fullWidth />
        </ReferenceArrayInput>
      )}
    </>
  );
}
