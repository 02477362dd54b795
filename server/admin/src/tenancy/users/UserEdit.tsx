import { Alert, Box, Button, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import {
  Confirm,
  DateField,
  Edit,
  FunctionField,
  SimpleForm,
  TextInput,
  TopToolbar,
  useCanAccess,
  useDataProvider,
  useGetIdentity,
  useNotify,
  useRecordContext,
  useRefresh,
} from 'react-admin';
import type { TenancyProvider } from '../operations';
import type { User } from '../types';
import { CopyableText } from '../../design/Copyable';
import { Columns, FormProblems, FormToolbar, Locked, useMayChange, wholeObject } from '../../forms/FormParts';
import { useSuperuser } from '../references';
import { Addresses } from '../account/Addresses';
import { PersonInputs, RoleInputs } from './fields';
import { Memberships } from './Memberships';
import { PasswordDialog } from './PasswordDialog';

/** What the form may change; memberships are changed one at a time beside it. */
export function changedUser({ organization_users: _memberships, last_login: _login, date_joined: _joined, ...rest }: Partial<User>): Partial<User> {
  return rest;
}

function Title() {
  const user = useRecordContext<User>();
  return <span>{user?.username}</span>;
}

function Actions() {
  const user = useRecordContext<User>();
  const change = useMayChange('users');
  const [open, setOpen] = useState(false);
  const [removing, setRemoving] = useState(false);
  const superuser = useSuperuser();
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const queryKey = ['users', 'second factor', user?.id];
  const factor = useQuery({ queryKey, queryFn: () => provider.hasSecondFactor(user?.id ?? ''), enabled: superuser && user !== undefined });
  const notify = useNotify();
  const remove = async () => {
    try {
      await provider.removeSecondFactor(user?.id ?? '');
      notify('Second factor removed', { type: 'success' });
      await queries.invalidateQueries({ queryKey });
    } catch (error) {
      notify(error instanceof Error ? error.message : 'The second factor could not be removed', { type: 'error' });
    }
    setRemoving(false);
  };
  return (
    <TopToolbar>
      {user && factor.data && (
        <Button size="small" onClick={() => setRemoving(true)}>
          Remove second factor
        </Button>
      )}
      <Confirm
        isOpen={removing}
        title={`Remove the second factor of ${user?.username}?`}
        content="The password alone is enough to log in then, until the user sets up a second factor again."
        onConfirm={remove}
        onClose={() => setRemoving(false)}
      />
      {user && change && (
        <Button size="small" onClick={() => setOpen(true)}>
          Set password
        </Button>
      )}
      {user && open && <PasswordDialog user={user.id} name={user.username} onClose={() => setOpen(false)} />}
    </TopToolbar>
  );
}

function Facts() {
  const user = useRecordContext<User>();
  return (
    <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 3, mt: 1, width: '100%' }}>
      <CopyableText label="UUID" text={user?.id} />
      <Typography variant="body2" color="text.secondary" component="div">
        Joined <DateField source="date_joined" showTime />
      </Typography>
      <Typography variant="body2" color="text.secondary" component="div">
        Last login{' '}
        <FunctionField<User> render={(record) => (record.last_login ? <DateField source="last_login" showTime /> : 'never')} />
      </Typography>
    </Box>
  );
}

function Self() {
  const user = useRecordContext<User>();
  const { identity } = useGetIdentity();
  if (!user || identity?.id !== user.id) return null;
  return (
    <Alert severity="info" sx={{ mb: 2, width: '100%' }}>
      This is your own account.
    </Alert>
  );
}

/** The addresses of the user, for those who may see them. */
function UserAddresses() {
  const user = useRecordContext<User>();
  const notify = useNotify();
  const refresh = useRefresh();
  const view = useCanAccess({ resource: 'addresses', action: 'list' });
  const change = useMayChange('addresses');
  if (!user || !view.canAccess) return null;
  return (
    <Box sx={{ width: '100%', mt: 2 }}>
      <Typography variant="h6" component="h2" sx={{ mb: 0.5 }}>
        E-mail addresses
      </Typography>
      <Addresses
        user={user.id}
        readOnly={!change}
        onPrimary={async (message) => {
          notify(message, { type: 'success' });
          refresh();
        }}
      />
    </Box>
  );
}

/** The page of a user. */
export default function UserEdit() {
  const change = useMayChange('users');
  return (
    <Edit {...wholeObject} title={<Title />} actions={<Actions />} mutationMode="pessimistic" redirect={false} transform={changedUser}>
      <SimpleForm noValidate warnWhenUnsavedChanges toolbar={<FormToolbar locked={!change} loss="Sessions, tokens and memberships of the user end." />} sx={{ p: { xs: 1.5, sm: 2.5 } }}>
        <FormProblems />
        <Self />
        <Locked locked={!change}>
          <Columns>
            <PersonInputs />
            <RoleInputs />
            <TextInput helperText={false} source="company" fullWidth />
            <TextInput helperText={false} source="location" fullWidth />
            <TextInput helperText={false} source="url" fullWidth />
            <TextInput helperText={false} source="bio" multiline fullWidth />
            <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth sx={{ gridColumn: { md: '1 / -1' } }} />
          </Columns>
        </Locked>
        <UserAddresses />
        <Memberships />
        <Facts />
      </SimpleForm>
    </Edit>
  );
}
