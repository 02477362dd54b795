import { Card, CardContent, Chip, Typography, Box } from '@mui/material';
import { Title, useNotify, usePermissions } from 'react-admin';
import type { Session } from '../api/types';
import { CopyableText } from '../app/Copyable';
import { PageHeading } from '../app/Layout';
import { PasswordForm } from './PasswordForm';

/** One's own account: who one is, and a new password. */
export default function Account() {
  const { permissions: session } = usePermissions<Session>();
  const notify = useNotify();
  if (!session) return null;
  const { user, organizations } = session;
  return (
    <>
      <Title title="My account" />
      <PageHeading title={user.username} />
      <Card sx={{ mb: 2 }}>
        <CardContent>
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
        </CardContent>
      </Card>
      <Card>
        <CardContent>
          <Typography variant="h6" component="h2" sx={{ mb: 1 }}>
            Password
          </Typography>
          <PasswordForm key={user.id} user={user.id} own onDone={() => notify('Password set', { type: 'success' })} />
        </CardContent>
      </Card>
    </>
  );
}
