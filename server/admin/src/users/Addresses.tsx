// One's own e-mail addresses: add, confirm, choose the primary one, remove.
import RemoveIcon from '@mui/icons-material/DeleteOutline';
import { Alert, Box, Button, Chip, CircularProgress, IconButton, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useDataProvider, useNotify } from 'react-admin';
import type { AdminDataProvider } from '../api/dataProvider';
import { problemOf } from '../api/errors';

const queryKey = ['me', 'addresses'];

/** The list of addresses. onPrimary is told when the account has got another address. */
export function Addresses({ onPrimary }: { onPrimary(message: string): Promise<void> }) {
  const provider = useDataProvider<AdminDataProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.addresses() });
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
  const add = (event: FormEvent) => {
    event.preventDefault();
    void attempt(async () => {
      const { email } = await provider.addAddress(address.trim());
      setAddress('');
      notify(`A link to confirm it was sent to ${email}`, { type: 'success' });
    }, setProblem);
  };

  return (
    <Box>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        The primary address gets the e-mails, and you can log in with it.
      </Typography>
      {error && <Alert severity="warning">{error.message}</Alert>}
      {!data && !error && <CircularProgress size={20} />}
      {data?.length === 0 && <Typography color="text.secondary">Your account has no address.</Typography>}
      {data?.map(({ id, email, verified, primary }) => (
        <Box key={id} role="group" aria-label={email} sx={{ display: 'flex', flexWrap: 'wrap', alignItems: 'center', gap: 1, minHeight: 36 }}>
          <Typography sx={{ overflowWrap: 'anywhere' }}>{email}</Typography>
          {primary && <Chip size="small" color="primary" label="primary" />}
          <Chip size="small" variant="outlined" color={verified ? 'success' : 'warning'} label={verified ? 'confirmed' : 'not confirmed'} />
          <Box sx={{ flexGrow: 1 }} />
          {!verified && (
            <Button
              size="small"
              disabled={busy}
              onClick={() =>
                attempt(async () => {
                  await provider.confirmAddress(id);
                  notify(`The link was sent to ${email} again`, { type: 'success' });
                })
              }
            >
              Send the link again
            </Button>
          )}
          {verified && !primary && (
            <Button
              size="small"
              disabled={busy}
              onClick={() =>
                attempt(async () => {
                  await provider.makePrimary(id);
                  await onPrimary(`${email} is your primary address now`);
                })
              }
            >
              Make primary
            </Button>
          )}
          {!primary && (
            <IconButton size="small" aria-label={`Remove ${email}`} disabled={busy} onClick={() => attempt(() => provider.removeAddress(id))}>
              <RemoveIcon fontSize="small" />
            </IconButton>
          )}
        </Box>
      ))}
      <Box component="form" noValidate onSubmit={add} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 520, mt: 0.5 }}>
        <TextField
          fullWidth={false}
          label="Another address"
          type="email"
          autoComplete="email"
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          error={problem !== undefined}
          helperText={problem}
          sx={{ flexGrow: 1, minWidth: 200 }}
        />
        <Button type="submit" variant="outlined" disabled={busy || address.trim() === ''} sx={{ mt: 1 }}>
          Add
        </Button>
      </Box>
    </Box>
  );
}
