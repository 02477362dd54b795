// E-mail addresses, one's own or another user's: add, confirm, choose the primary one, remove.
import RemoveIcon from '@mui/icons-material/DeleteOutline';
import { Alert, Box, Button, CircularProgress, IconButton, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SyntheticEvent } from 'react';
import { useDataProvider, useNotify, type Identifier } from 'react-admin';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../operations';
import { problemOf } from '../../api/errors';

interface AddressesProps {
  /** Whose; without it one's own. */
  user?: Identifier;
  /** May be looked at only. */
  readOnly?: boolean;
  /** Is told when the account has got another primary address. */
  onPrimary(message: string): Promise<void>;
}

/** The list of addresses. */
export function Addresses({ user, readOnly = false, onPrimary }: AddressesProps) {
  const say = useText();
  const queryKey = ['addresses', user ?? 'me'];
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.addresses(user) });
  const [address, setAddress] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const attempt = async (work: () => Promise<unknown>, refused = (message: string) => notify(message, { type: 'error' })) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await work();
    } catch (reason) {
      refused(problemOf(reason));
    } finally {
      setBusy(false);
      await queries.invalidateQueries({ queryKey });
    }
  };
  // the page of a user is a form already, and the key for a new line would send it
  const add = (event: SyntheticEvent) => {
    event.preventDefault();
    if (address.trim() === '') return;
    void attempt(async () => {
      const { email } = await provider.addAddress(address.trim(), user);
      setAddress('');
      notify(say('A link to confirm it was sent to %{email}', { email }), { type: 'success' });
    }, setProblem);
  };

  return (
    <Box>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {say('The primary address gets the e-mails, and')}{' '}{user ? say('the user') : say('you')}{' '}{say('can log in with it.')}
      </Typography>
      {error && <Alert severity="warning">{error.message}</Alert>}
      {!data && !error && <CircularProgress size={20} />}
      {data?.length === 0 && <Typography color="text.secondary">{user ? say('The') : say('Your')}{' '}{say('account has no address.')}</Typography>}
      {data?.map(({ id, email, verified, primary }) => (
        <Box key={id} role="group" aria-label={email} sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1, minHeight: 36 }}>
          <Typography sx={{ overflowWrap: 'anywhere' }}>{email}</Typography>
          {primary && <span className="w-tag">{say('primary')}</span>}
          <Status status={verified ? 'ok' : 'waiting'} word={verified ? 'confirmed' : 'not confirmed'} />
          <Box sx={{ flexGrow: 1 }} />
          {!verified && !readOnly && (
            <Button
              size="small"
              disabled={busy}
              onClick={() =>
                attempt(async () => {
                  await provider.confirmAddress(id, user);
                  notify(say('The link was sent to %{email} again', { email }), { type: 'success' });
                })
              }
            >
              {say('Send the link again')}
            </Button>
          )}
          {verified && !primary && !readOnly && (
            <Button
              size="small"
              disabled={busy}
              onClick={() =>
                attempt(async () => {
                  await provider.makePrimary(id, user);
                  await onPrimary(say('%{email} is %{value} primary address now', { email, value: user ? 'the' : 'your' }));
                })
              }
            >
              {say('Make primary')}
            </Button>
          )}
          {!primary && !readOnly && (
            <IconButton size="small" aria-label={say('Remove %{email}', { email })} disabled={busy} onClick={() => attempt(() => provider.removeAddress(id, user))}>
              <RemoveIcon fontSize="small" />
            </IconButton>
          )}
        </Box>
      ))}
      {!readOnly && (
        <Box sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 520, mt: 0.5 }}>
          <TextField
            fullWidth={false}
            label={say('Another address')}
            type="email"
            autoComplete={user ? 'off' : 'email'}
            value={address}
            onChange={(event) => setAddress(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === 'Enter') add(event);
            }}
            error={problem !== undefined}
            helperText={problem}
            sx={{ flexGrow: 1, minWidth: 200 }}
          />
          <Button variant="outlined" onClick={add} disabled={busy || address.trim() === ''} sx={{ mt: 1 }}>
            {say('Add')}
          </Button>
        </Box>
      )}
    </Box>
  );
}
