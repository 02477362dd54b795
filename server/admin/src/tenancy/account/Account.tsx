import { Alert, Box } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import { useAuthProvider, useNotify, usePermissions } from 'react-admin';
import { administers, type AdminAuthProvider } from '../../api/session';
import type { Session } from '../../api/types';
import { CopyableText } from '../../design/Copyable';
import { Card } from '../../design/Card';
import { PageHead } from '../../design/PageHead';
import { useText } from '../../design/useText';
import { APIKeyPanel } from '../APIKeyPanel';
import { Addresses } from './Addresses';
import { Passkeys } from './Passkeys';
import { PasswordForm } from './PasswordForm';
import { SecondFactorPanel } from './SecondFactorPanel';
import { Tokens } from './Tokens';

/** One's own account: who one is, addresses, password, second factor, tokens. */
export default function Account() {
  const say = useText();
  const { permissions: session } = usePermissions<Session>();
  const auth = useAuthProvider<AdminAuthProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  if (!session) return null;
  const { user, organizations, restricted } = session;
  const changed = async (message: string) => {
    notify(message, { type: 'success' });
    auth?.forget();
    await queries.invalidateQueries({ queryKey: ['auth'] });
  };
  return (
    <div className="w-page">
      <PageHead title="My account" />
      <div className="w-stack w-form">
      {restricted && (
        <Alert severity="warning" sx={{ mb: 2 }}>
          {restricted}
        </Alert>
      )}
      {!restricted && !administers(session) && (
        <Alert severity="info" sx={{ mb: 2 }}>
          {say('This admin is for staff. You can look after your own account here; for more, ask an administrator.')}
        </Alert>
      )}
      <Card title="You">
        <p className="w-medium">{user.username}</p>
        <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', my: 1 }}>
          {user.is_superuser && <span className="w-tag">{say('superuser')}</span>}
          {organizations.map((organization) => (
            <span key={organization.id} className="w-tag">
              {organization.is_admin ? `${organization.name} (manager)` : organization.name}
            </span>
          ))}
        </Box>
        <CopyableText label="E-mail" text={user.email ?? undefined} />
        <CopyableText label="UUID" text={user.id} />
      </Card>
      {!restricted && (
        <Card title="E-mail addresses">
          <Addresses onPrimary={changed} />
        </Card>
      )}
      <Card title="Password">
        <PasswordForm user={user.id} own onDone={() => changed('Password set')} />
      </Card>
      <Card title="Second factor">
        <SecondFactorPanel onChange={changed} />
      </Card>
      <Card title="Passkeys">
        <Passkeys onChange={changed} />
      </Card>
      {!restricted && (
        <Card title="API key">
          <APIKeyPanel user={user.id} own mayAdd mayDelete />
        </Card>
      )}
      {!restricted && (
        <Card title="Tokens">
          <Tokens />
        </Card>
      )}
      </div>
    </div>
  );
}
