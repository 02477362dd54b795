import { Box, Typography } from '@mui/material';
import { BooleanInput, Create, PasswordInput, required, SimpleForm } from 'react-admin';
import type { Membership, User } from '../types';
import { Columns, FormProblems, FormToolbar } from '../../forms/FormParts';
import { OrganizationInput } from '../references';
import { PersonInputs, RoleInputs } from './fields';

type NewUser = Partial<User> & { password?: string; email_verified?: boolean; membership?: Partial<Membership> };

/** The body of a creation. The API takes one membership; none is an empty list. */
export function newUserBody({ membership, birth_date, phone_number, ...rest }: NewUser): Record<string, unknown> {
  return {
    ...rest,
    ...(birth_date ? { birth_date } : {}),
    ...(phone_number ? { phone_number } : {}),
    organization_users: membership?.organization
      ? [{ organization: membership.organization, is_admin: membership.is_admin ?? false }]
      : [],
  };
}

const initial: NewUser = {
  username: '',
  email: '',
  password: '',
  first_name: '',
  last_name: '',
  is_active: true,
  is_staff: false,
  email_verified: false,
  groups: [],
};

/** The page that adds a user. */
export default function UserCreate() {
  return (
    <Create redirect="edit" transform={newUserBody}>
      <SimpleForm
        noValidate
      warnWhenUnsavedChanges
        toolbar={<FormToolbar create />}
        defaultValues={initial}
        sx={{ p: { xs: 1.5, sm: 2.5 } }}
      >
        <FormProblems />
        <Columns>
          <PersonInputs />
          <PasswordInput helperText={false} source="password" validate={required()} fullWidth slotProps={{ htmlInput: { autoComplete: 'new-password' } }} />
          <BooleanInput source="email_verified" helperText="No message is sent to confirm the address" />
          <RoleInputs />
        </Columns>
        <Box sx={{ width: '100%', mt: 2 }}>
          <Typography variant="h6" component="h2">
            Organization
          </Typography>
          <Columns>
            <OrganizationInput source="membership.organization" label="Organization" filter />
            <BooleanInput helperText={false} source="membership.is_admin" label="Manager of the organization" defaultValue={false} />
          </Columns>
        </Box>
      </SimpleForm>
    </Create>
  );
}
