import { Alert, Box, Card, CardContent, Chip, Typography } from '@mui/material';
import { useQueryClient } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useAuthProvider, useNotify, usePermissions } from 'react-admin';
import { administers, type AdminAuthProvider } from '../../api/session';
import type { Session } from '../../api/types';
import { CopyableText } from '../../design/Copyable';
import { PageHead } from '../../design/PageHead';
import { Addresses } from './Addresses';
import { Passkeys } from './Passkeys';
import { PasswordForm } from './PasswordForm';
import { SecondFactorPanel } from './SecondFactorPanel';
import { Tokens } from './Tokens';

/** One's own account: who one is, addresses, password, second factor, tokens. */
export default function Account() {
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
      {restricted && (
        <Alert severity="warning" sx={{ mb: 2 }}>
          {restricted}
        </Alert>
      )}
      {!restricted && !administers(session) && (
        <Alert severity="info" sx={{ mb: 2 }}>
          This admin is for staff. You can look after your own account here; for more, ask an administrator.
        </Alert>
      )}
      <Section title="You">
        <CopyableText label="UUID" text={user.id} />
        <CopyableText label="Email" text={user.email ?? undefined} />
        <Box sx={{ display: 'flex', gap: 1, flexWrap: 'wrap', mt: 1 }}>
          {user.is_superuser && <Chip size="small" color="primary" label="superuser" />}
          {organizations.map((organization) => (
            <Chip
              key={organization.id}
              size="small"
              variant="outlined"
              label={organization.is_admin ? `${organization.name} (manager)` : organization.name}
            />
          ))}
        </Box>
      </Section>
      {!restricted && (
        <Section title="E-mail addresses">
          <Addresses onPrimary={changed} />
        </Section>
      )}
      <Section title="Password">
        <PasswordForm user={user.id} own onDone={() => changed('Password set')} />
      </Section>
      <Section title="Second factor">
        <SecondFactorPanel onChange={changed} />
      </Section>
      <Section title="Passkeys">
        <Passkeys onChange={changed} />
      </Section>
      {!restricted && (
        <Section title="Tokens">
          <Tokens />
        </Section>
      )}
    </div>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card sx={{ mb: 2 }}>
      <CardContent>
        <Typography variant="h6" component="h2" sx={{ mb: 1 }}>
          {title}
        </Typography>
        {children}
      </CardContent>
    </Card>
  );
}
