import { Alert, Box, Button, Typography } from '@mui/material';
import { useState } from 'react';
import { DateField, Edit, FunctionField, SimpleForm, TextInput, TopToolbar, useGetIdentity, useRecordContext } from 'react-admin';
import type { User } from '../api/types';
import { CopyableText } from '../app/Copyable';
import { Columns, FormProblems, FormToolbar, Locked, useMayChange, wholeObject } from '../app/FormParts';
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
  return (
    <TopToolbar>
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

/** The page of a user. */
export default function UserEdit() {
  const change = useMayChange('users');
  return (
    <Edit {...wholeObject} title={<Title />} actions={<Actions />} mutationMode="pessimistic" redirect={false} transform={changedUser}>
      <SimpleForm noValidate warnWhenUnsavedChanges toolbar={<FormToolbar locked={!change} />} sx={{ p: { xs: 1.5, sm: 2.5 } }}>
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
        <Memberships />
        <Facts />
      </SimpleForm>
    </Edit>
  );
}
