// The page that adds a person: who it is, what the role is and where, and how to log in.
import { BooleanInput, PasswordInput, required } from 'react-admin';
import { useWatch } from 'react-hook-form';
import { CreatePage } from '../../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar } from '../../forms/FormParts';
import { OrganizationInput, useSuperuser } from '../references';
import type { Membership, User } from '../types';
import { PersonInputs, RoleInput, SwitchInputs } from './fields';
import { type Role, switchesOf } from './role';
import { useGroups } from './useGroups';

type NewUser = Partial<User> & { password?: string; email_verified?: boolean; membership?: Partial<Membership>; role?: Role };

/** The body of a creation. The API takes one membership; none is an empty list. */
export function newUserBody({ membership, birth_date, phone_number, role, ...rest }: NewUser, groups: { id: number; name: string }[] = []): Record<string, unknown> {
  const memberships = membership?.organization ? [{ organization: membership.organization, is_admin: membership.is_admin ?? false }] : [];
  const switches = role && role !== 'custom' ? switchesOf(role, membership?.organization, groups) : { organization_users: memberships };
  return { ...rest, ...(birth_date ? { birth_date } : {}), ...(phone_number ? { phone_number } : {}), ...switches };
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
  role: 'operator',
};

function RoleCard() {
  const role = useWatch({ name: 'role' }) as Role | undefined;
  const superuser = useSuperuser();
  return (
    <FormCard title="Role">
      <RoleInput source="role" />
      <OrganizationInput source="membership.organization" label="Organization" filter={role === 'superuser' || role === 'custom'} />
      {role === 'custom' && (
        <>
          <SwitchInputs />
          <BooleanInput helperText={false} source="membership.is_admin" label="Manager of the organization" defaultValue={false} />
        </>
      )}
      {role === 'superuser' && superuser && <p className="w-small w-secondary">A superuser needs no organization.</p>}
    </FormCard>
  );
}

/** The page. */
export default function UserCreate() {
  const groups = useGroups();
  return (
    <CreatePage title="Add a person" list="People" transform={(data: NewUser) => newUserBody(data, groups)} defaultValues={initial} bar={<FormToolbar create verb="Add person" />}>
      <FormProblems />
      <div className="w-stack w-form">
        <FormCard title="Who">
          <Columns>
            <PersonInputs />
          </Columns>
        </FormCard>
        <RoleCard />
        <FormCard title="Log-in">
          <PasswordInput helperText={false} source="password" validate={required()} fullWidth slotProps={{ htmlInput: { autoComplete: 'new-password' } }} />
          <BooleanInput source="email_verified" helperText="No message is sent to confirm the address" />
          <BooleanInput source="is_active" helperText="An account that is not active cannot log in by any means" />
        </FormCard>
      </div>
    </CreatePage>
  );
}
