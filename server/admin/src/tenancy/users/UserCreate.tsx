// The page that adds a person: who it is, what the role is and where, and how to log in.
import { Button, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { useState } from 'react';
import { BooleanInput, DateInput, PasswordInput, required } from 'react-admin';
import { useFormContext, useWatch } from 'react-hook-form';
import { CopyableText } from '../../design/Copyable';
import { useText } from '../../design/useText';
import { CreatePage } from '../../forms/EditPage';
import { Columns, FormCard, FormProblems, FormToolbar } from '../../forms/FormParts';
import { useSuperuser } from '../managed';
import { OrganizationInput } from '../references';
import type { Membership, User } from '../types';
import { emptyToNull, PersonInputs, RoleInput, SwitchInputs } from './fields';
import { generatedPassword } from './generated';
import { type Role, switchesOf } from './role';
import { useGroups } from './useGroups';

/** How somebody comes to a password. */
type Access = 'invitation' | 'password';

type NewUser = Partial<User> & { password?: string; email_verified?: boolean; membership?: Partial<Membership>; role?: Role; access?: Access };

/** The body of a creation. The API takes one membership; none is an empty list. */
export function newUserBody({ membership, birth_date, phone_number, expiration_date, role, access, ...rest }: NewUser, groups: { id: number; name: string }[] = []): Record<string, unknown> {
  const memberships = membership?.organization ? [{ organization: membership.organization, is_admin: membership.is_admin ?? false }] : [];
  const switches = role && role !== 'custom' ? switchesOf(role, membership?.organization, groups) : { organization_users: memberships };
  const asked = access === 'invitation' ? { access } : {};
  return { ...rest, ...asked, ...(birth_date ? { birth_date } : {}), ...(expiration_date ? { expiration_date } : {}), ...(phone_number ? { phone_number } : {}), ...switches };
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
  access: 'invitation',
};

/** An invitation by mail, or a password that is handed over. */
function AccessCard() {
  const say = useText();
  const { setValue } = useFormContext();
  const access = useWatch({ name: 'access' }) as Access | undefined;
  const password = useWatch({ name: 'password' }) as string | undefined;
  const [shown, setShown] = useState(false);
  return (
    <FormCard title="How they log in">
      <ToggleButtonGroup exclusive value={access} onChange={(_, next: Access | null) => next && setValue('access', next)} aria-label={say('How they log in')}>
        <ToggleButton value="invitation">{say('Send an invitation')}</ToggleButton>
        <ToggleButton value="password">{say('Set a password')}</ToggleButton>
      </ToggleButtonGroup>
      {access === 'invitation' ? (
        <p className="w-secondary">{say('An e-mail with a link, good for seven days, in which they choose their password. That also confirms the address.')}</p>
      ) : (
        <div style={{ marginTop: 12 }}>
          <PasswordInput helperText={false} source="password" validate={required()} fullWidth slotProps={{ htmlInput: { autoComplete: 'new-password' } }} />
          <div className="w-row" style={{ marginBottom: 8 }}>
            <Button
              color="inherit"
              onClick={() => {
                setValue('password', generatedPassword(), { shouldDirty: true, shouldValidate: true });
                setShown(true);
              }}
            >
              {say('Make one')}
            </Button>
            {shown && password && <CopyableText label="Password" text={password} />}
          </div>
          <BooleanInput source="email_verified" helperText="No message is sent to confirm the address" />
        </div>
      )}
      <DateInput source="expiration_date" helperText="The last day on which the account is active; empty for no end" parse={emptyToNull} fullWidth />
      <BooleanInput source="is_active" helperText="An account that is not active cannot log in by any means" />
    </FormCard>
  );
}

function RoleCard() {
  const say = useText();
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
      {role === 'superuser' && superuser && <p className="w-small w-secondary">{say('A superuser needs no organization.')}</p>}
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
        <AccessCard />
      </div>
    </CreatePage>
  );
}
