// One's own passkeys: add one of this browser, telephone or security token, remove one.
import { Alert, Box, Button, CircularProgress, List, ListItem, ListItemText, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useDataProvider } from 'react-admin';
import type { AdminDataProvider } from '../api/dataProvider';
import { problemOf } from '../api/errors';
import { makePasskey, passkeysWork } from '../api/passkeys';

const queryKey = ['me', 'passkeys'];

/** The panel. onChange is told what was done, since it may lift a restriction. */
export function Passkeys({ onChange }: { onChange(message: string): Promise<void> }) {
  const provider = useDataProvider<AdminDataProvider>();
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.passkeys() });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  if (!data) return <CircularProgress size={20} />;

  const run = async (step: () => Promise<unknown>, message: string) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await step();
      await queries.invalidateQueries({ queryKey });
      await onChange(message);
    } catch (failure) {
      setProblem(problemOf(failure));
    } finally {
      setBusy(false);
    }
  };
  const add = (event: FormEvent) => {
    event.preventDefault();
    return run(async () => {
      await provider.addPasskey(name.trim(), await makePasskey(await provider.beginPasskey(password)));
      setName('');
      setPassword('');
    }, 'Passkey added');
  };
  return (
    <Box>
      <Typography variant="body2" color="text.secondary">
        A passkey of this browser, a telephone or a security token is a second factor too. Keep two of them, or an authenticator app beside: nothing else
        opens the account when the only one is lost.
      </Typography>
      <List dense disablePadding>
        {data.map((passkey) => (
          <ListItem
            key={passkey.id}
            disableGutters
            sx={{ maxWidth: 640 }}
            secondaryAction={
              <Button
                size="small"
                color="error"
                aria-label={`Remove passkey ${passkey.name}`}
                disabled={busy}
                onClick={() => run(() => provider.removePasskey(passkey.id), 'Passkey removed')}
              >
                Remove
              </Button>
            }
          >
            <ListItemText
              primary={passkey.name}
              secondary={passkey.last_used ? `Used ${new Date(passkey.last_used).toLocaleString()}` : `Added ${new Date(passkey.created).toLocaleString()}, not used yet`}
            />
          </ListItem>
        ))}
      </List>
      {problem && (
        <Alert severity="error" sx={{ my: 1, maxWidth: 640 }}>
          {problem}
        </Alert>
      )}
      {passkeysWork() ? (
        <Box component="form" onSubmit={add} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 640 }}>
          <TextField fullWidth={false} label="Name of a new passkey" value={name} onChange={(event) => setName(event.target.value)} sx={{ flexGrow: 1, minWidth: 180 }} />
          <TextField
            fullWidth={false}
            label="Password, to add a passkey"
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            sx={{ flexGrow: 1, minWidth: 180 }}
          />
          <Button type="submit" variant="outlined" disabled={busy || name.trim() === '' || password === ''} sx={{ mt: 1 }}>
            Add passkey
          </Button>
        </Box>
      ) : (
        <Typography variant="body2">Passkeys can be added from a secure address (https) with a browser that knows them.</Typography>
      )}
    </Box>
  );
}
