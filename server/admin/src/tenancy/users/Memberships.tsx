// The organizations of a user. Each change is sent at once, because the API takes memberships one at a time.
import { Trash2 } from 'lucide-react';
import { Box, Button, Chip, FormControlLabel, IconButton, MenuItem, Switch, TextField, Typography } from '@mui/material';
import { useState } from 'react';
import { useDataProvider, useGetMany, useNotify, useRecordContext, useRefresh } from 'react-admin';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../operations';
import { FormCard } from '../../forms/FormParts';
import type { Membership, Organization, User } from '../types';
import { useManagedOrganizations, useSuperuser } from '../managed';

/** The list of memberships; superusers may change it. */
export function Memberships() {
  const say = useText();
  const user = useRecordContext<User>();
  const provider = useDataProvider<TenancyProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const superuser = useSuperuser();
  const organizations = useManagedOrganizations();
  const memberships = user?.organization_users ?? [];
  const { data: named = [] } = useGetMany<Organization>('organizations', { ids: memberships.map((m) => m.organization) });
  const [added, setAdded] = useState('');
  const [busy, setBusy] = useState(false);
  if (!user) return null;

  const nameOf = (id: string) => named.find((organization) => organization?.id === id)?.name ?? id;
  const attempt = async (work: () => Promise<unknown>, success: string) => {
    setBusy(true);
    try {
      await work();
      notify(success, { type: 'success' });
    } catch (error) {
      notify(error instanceof Error ? error.message : 'The membership could not be changed', { type: 'error' });
    } finally {
      setBusy(false);
      refresh();
    }
  };
  const toggle = (membership: Membership) =>
    attempt(
      () => provider.setMembership(user.id, { ...membership, is_admin: !membership.is_admin }),
      membership.is_admin ? 'No longer a manager' : 'Now a manager',
    );

  return (
    <FormCard title="Organizations">
      <Box role="group" aria-label={say('Organizations')}>
      {memberships.length === 0 && <Typography color="text.secondary">{say('Member of no organization.')}</Typography>}
      {memberships.map((membership) => (
        <Box key={membership.organization} sx={{ display: 'flex', alignItems: 'center', gap: { xs: 1, sm: 2 } }}>
          <Typography sx={{ flex: { xs: 1, sm: 'none' }, minWidth: { xs: 0, sm: 180 }, overflowWrap: 'anywhere' }}>{nameOf(membership.organization)}</Typography>
          {superuser ? (
            <>
              <FormControlLabel
                control={<Switch size="small" checked={membership.is_admin} disabled={busy} onChange={() => toggle(membership)} />}
                label={say('Manager')}
              />
              <IconButton
                size="small"
                aria-label={say('Remove from %{organization}', { organization: nameOf(membership.organization) })}
                disabled={busy}
                onClick={() => attempt(() => provider.removeMembership(user.id, membership), 'Membership removed')}
              >
                <Trash2 size={16} />
              </IconButton>
            </>
          ) : (
            membership.is_admin && <Chip size="small" label={say('manager')} />
          )}
        </Box>
      ))}
      {superuser && (
        <Box sx={{ display: 'flex', gap: 1, alignItems: 'center', mt: 1, maxWidth: 460 }}>
          <TextField
            select
            fullWidth
            label={say('Add to an organization')}
            value={added}
            onChange={(event) => setAdded(event.target.value)}
          >
            {organizations
              .filter(({ id }) => !memberships.some((membership) => membership.organization === id))
              .map(({ id, name }) => (
                <MenuItem key={id} value={id}>
                  {name}
                </MenuItem>
              ))}
          </TextField>
          <Button
            disabled={!added || busy}
            onClick={() => {
              setAdded('');
              void attempt(() => provider.setMembership(user.id, { organization: added, is_admin: false }), 'Membership added');
            }}
          >
            {say('Add')}
          </Button>
        </Box>
      )}
      </Box>
    </FormCard>
  );
}
