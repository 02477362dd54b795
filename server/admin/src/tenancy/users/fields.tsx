// Inputs of a user that the pages for new and for existing users share.
import { FormControl, FormControlLabel, FormLabel, Radio, RadioGroup } from '@mui/material';
import { BooleanInput, DateInput, email, ReferenceArrayInput, required, SelectArrayInput, TextInput, useCanAccess } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { useText } from '../../design/useText';
import { useSuperuser } from '../managed';
import { type Role, roleGroups, roleMeaning, roleName } from './role';
import { useGroups } from './useGroups';

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

/** Chooses a role; custom is the mixture of switches that the API knows. */
export function RoleInput({ source }: { source: string }) {
  const say = useText();
  const { setValue } = useFormContext();
  const role = useWatch({ name: source }) as Role | undefined;
  const superuser = useSuperuser();
  const groups = useGroups();
  const named = (name: string) => groups.some((group) => group.name === name);
  const roles = (['administrator', 'operator', 'member', 'superuser', 'custom'] as Role[]).filter(
    (one) => (one !== 'superuser' || superuser) && (one !== 'administrator' || named(roleGroups.administrator)) && (one !== 'operator' || named(roleGroups.operator)),
  );
  return (
    <FormControl>
      <FormLabel id="role" className="w-hidden">
        {say('Role')}
      </FormLabel>
      <RadioGroup aria-labelledby="role" value={role ?? 'custom'} onChange={(_, chosen) => setValue(source, chosen, { shouldDirty: true })}>
        {roles.map((one) => (
          <FormControlLabel
            key={one}
            value={one}
            control={<Radio />}
            label={
              <>
                <b>{say(roleName[one])}</b> <span className="w-secondary w-small">{say(roleMeaning[one])}</span>
              </>
            }
          />
        ))}
      </RadioGroup>
    </FormControl>
  );
}

/** The switches themselves. */
export function SwitchInputs() {
  const superuser = useSuperuser();
  const groups = useCanAccess({ resource: 'groups', action: 'list' });
  return (
    <>
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
