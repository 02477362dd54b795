// The page of a person.
import { Alert } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Mail, ShieldOff } from 'lucide-react';
import { useState } from 'react';
import { BooleanInput, DateInput, TextInput, useCanAccess, useCreatePath, useDataProvider, useGetIdentity, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { ObjectActions } from '../../app/ObjectActions';
import { Ask } from '../../design/Ask';
import { CopyableText, CopyFact } from '../../design/Copyable';
import { Moment } from '../../design/Moment';
import { MoreMenu } from '../../design/MoreMenu';
import { ObjectHeader } from '../../design/ObjectHeader';
import { StatusPill } from '../../design/Status';
import { useText } from '../../design/useText';
import { EditPage } from '../../forms/EditPage';
import { ExtensionFields } from '../../forms/Extensions';
import { Columns, FormCard, FormProblems, FormToolbar, Locked, useDeletion, useMayChange } from '../../forms/FormParts';
import { Addresses } from '../account/Addresses';
import { APIKeyPanel } from '../APIKeyPanel';
import type { TenancyProvider } from '../operations';
import { useSuperuser } from '../managed';
import type { User } from '../types';
import { emptyToNull, PersonInputs, SwitchInputs } from './fields';
import { Memberships } from './Memberships';
import { PasswordDialog } from './PasswordDialog';
import { roleMeaning, roleName, roleOf } from './role';
import { useGroups } from './useGroups';

/** What the form may change; memberships are changed one at a time beside it. */
export function changedUser({ organization_users: _memberships, last_login: _login, date_joined: _joined, invitable: _invitable, ...rest }: Partial<User>): Partial<User> {
  return rest;
}

function Header({ user }: { user: User }) {
  const say = useText();
  const createPath = useCreatePath();
  const groups = useGroups();
  const deletion = useDeletion('person', user.username, 'The sessions, tokens and memberships of the account end.');
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
  const invite = async () => {
    try {
      await provider.inviteAgain(user.id);
      notify(say('Invitation sent to %{email}', { email: user.email }), { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : 'The invitation could not be sent', { type: 'error' });
    }
  };
  const role = roleOf(user, user.groups.map((id) => groups.find((group) => group.id === id)?.name ?? String(id)));
  const actions = [
    ...(change && user.invitable ? [{ label: 'Send the invitation again', icon: Mail, onDo: () => void invite() }] : []),
    ...(change ? [{ label: 'Set password…', icon: KeyRound, onDo: () => setOpen(true) }] : []),
    ...(factor.data ? [{ label: 'Remove second factor…', icon: ShieldOff, dangerous: true, onDo: () => setRemoving(true) }] : []),
    ...(deletion.action ? [deletion.action] : []),
  ];
  return (
    <>
      <ObjectHeader
        title={user.username}
        above={{ label: 'People', to: createPath({ resource: 'users', type: 'list' }) }}
        pill={user.is_active ? (user.invitable ? <StatusPill status="waiting" word="invited" title="Has not chosen a password yet" /> : undefined) : <StatusPill status="off" word="not active" title="Cannot log in by any means" />}
        actions={
          <>
            <ObjectActions of="users" />
            <MoreMenu label="More about this person" actions={actions} />
          </>
        }
        facts={
          <>
            <span title={say(roleMeaning[role])}>{say(roleName[role])}</span>
            {user.email && <CopyFact text={user.email} label="e-mail address" />}
            <span>
              {say('Last log-in')}{' '}<Moment at={user.last_login} />
            </span>
            <span>
              {say('Joined')}{' '}<Moment at={user.date_joined} />
            </span>
          </>
        }
      />
      {deletion.question}
      {removing && (
        <Ask
          title={say('Remove the second factor of %{username}?', { username: user.username })}
          verb="Remove second factor"
          keep="Keep it"
          dangerous
          onDo={() => void remove()}
          onClose={() => setRemoving(false)}
        >
          {say('The password alone is enough to log in then, until the person sets up a second factor again.')}
        </Ask>
      )}
      {open && <PasswordDialog user={user.id} name={user.username} onClose={() => setOpen(false)} />}
    </>
  );
}

function Self() {
  const say = useText();
  const user = useRecordContext<User>();
  const { identity } = useGetIdentity();
  if (!user || identity?.id !== user.id) return null;
  return (
    <Alert severity="info" sx={{ mb: 2, width: '100%' }}>
      {say('This is your own account.')}
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
    <FormCard title="E-mail addresses">
      <Addresses
        user={user.id}
        readOnly={!change}
        onPrimary={async (message) => {
          notify(message, { type: 'success' });
          refresh();
        }}
      />
    </FormCard>
  );
}

/** The API key of the user, for those who may see it. */
function UserAPIKey() {
  const user = useRecordContext<User>();
  const { identity } = useGetIdentity();
  const view = useCanAccess({ resource: 'apikeys', action: 'list' });
  const add = useCanAccess({ resource: 'apikeys', action: 'create' });
  const remove = useCanAccess({ resource: 'apikeys', action: 'delete' });
  const own = identity?.id === user?.id;
  if (!user || (!own && !view.canAccess)) return null;
  return (
    <FormCard title="API key">
      <APIKeyPanel user={user.id} own={own} mayAdd={own || (add.canAccess ?? false)} mayDelete={own || (remove.canAccess ?? false)} />
    </FormCard>
  );
}

function Contents() {
  const user = useRecordContext<User>();
  const change = useMayChange('users');
  return (
    <>
      <FormProblems />
      <Self />
      <div className="w-stack w-form">
        <Locked locked={!change}>
          <div className="w-stack">
            <FormCard title="Who">
              <Columns>
                <PersonInputs />
                <TextInput helperText={false} source="company" fullWidth />
                <TextInput helperText={false} source="location" fullWidth />
                <TextInput helperText={false} source="url" fullWidth />
              </Columns>
              <TextInput helperText={false} source="bio" multiline fullWidth />
              <TextInput helperText={false} source="notes" multiline minRows={2} fullWidth />
            </FormCard>
            <FormCard title="Whether they can log in">
              <BooleanInput source="is_active" helperText="An account that is not active cannot log in by any means" />
              <DateInput source="expiration_date" helperText="The last day on which the account is active; empty for no end" parse={emptyToNull} fullWidth />
            </FormCard>
            <FormCard title="What they may do">
              <SwitchInputs />
            </FormCard>
          </div>
        </Locked>
        <Memberships />
        {user && <ExtensionFields of="users" record={user} />}
        <UserAddresses />
        <UserAPIKey />
        <FormCard title="For scripts">
          <CopyableText label="UUID" text={user?.id} />
        </FormCard>
      </div>
    </>
  );
}

function Bar() {
  return <FormToolbar locked={!useMayChange('users')} />;
}

/** The page of a user. */
export default function UserEdit() {
  return (
    <EditPage<User> what="person" transform={changedUser} header={(user) => <Header user={user} />} bar={<Bar />}>
      <Contents />
    </EditPage>
  );
}
