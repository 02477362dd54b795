// One's own passkeys: add one of this browser, telephone or security token, remove one, renew the recovery codes.
import { Alert, Box, Button, CircularProgress, List, ListItem, ListItemText, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useDataProvider } from 'react-admin';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../operations';
import { problemOf } from '../../api/errors';
import { makePasskey, passkeysWork } from './passkeys';
import type { Passkey } from '../types';
import { Codes, Step } from './Proof';
import { factorKey } from './SecondFactorPanel';

const queryKey = ['me', 'passkeys'];

interface RowProps {
  passkey: Passkey;
  /** Whether its removal was asked for, which the password confirms. */
  leaving: boolean;
  onLeave(leaving: boolean): void;
  remove(password: string): Promise<void>;
}

function Row({ passkey, leaving, onLeave, remove }: RowProps) {
  const say = useText();
  const used = passkey.last_used
    ? say('Used %{value}', { value: new Date(passkey.last_used).toLocaleString() })
    : say('Added %{value}, not used yet', { value: new Date(passkey.created).toLocaleString() });
  return (
    <ListItem disableGutters sx={{ maxWidth: 640, flexWrap: 'wrap' }}>
      <ListItemText primary={passkey.name} secondary={used} />
      <Button
        size="small"
        color={leaving ? 'inherit' : 'error'}
        aria-label={leaving ? say('Keep passkey %{name}', { name: passkey.name }) : say('Remove passkey %{name}', { name: passkey.name })}
        onClick={() => onLeave(!leaving)}
      >
        {leaving ? say('Keep') : say('Remove')}
      </Button>
      {leaving && (
        <Box sx={{ flexBasis: '100%' }}>
          <Step password={say('Password, to remove %{name}', { name: passkey.name })} button="Remove passkey" color="error" run={({ password }) => remove(password)} />
        </Box>
      )}
    </ListItem>
  );
}

/** The panel. onChange is told what was done, since it may lift a restriction. */
export function Passkeys({ onChange }: { onChange(message: string): Promise<void> }) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.passkeys() });
  const { data: factor } = useQuery({ queryKey: factorKey, queryFn: () => provider.secondFactor() });
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [leaving, setLeaving] = useState<string>();
  const [codes, setCodes] = useState<string[]>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  if (!data) return <CircularProgress size={20} />;

  const done = async (message: string) => {
    await Promise.all([queryKey, factorKey].map((key) => queries.invalidateQueries({ queryKey: key })));
    await onChange(message);
  };
  const add = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      const { recovery_codes: fresh } = await provider.addPasskey(name.trim(), await makePasskey(await provider.beginPasskey(password)));
      setName('');
      setPassword('');
      setCodes(fresh.length > 0 ? fresh : undefined);
      await done('Passkey added');
    } catch (failure) {
      setProblem(problemOf(failure));
    } finally {
      setBusy(false);
    }
  };
  const remove = async (id: string, proof: string) => {
    await provider.removePasskey(id, proof);
    setLeaving(undefined);
    setCodes(undefined);
    await done('Passkey removed');
  };
  return (
    <Box>
      <Typography variant="body2" color="text.secondary">
        {say('A passkey of this browser, a telephone or a security token is a second factor too. Keep two of them, or an authenticator app beside: without, only recovery codes open the account when the only one is lost.')}
      </Typography>
      <List dense disablePadding>
        {data.map((passkey) => (
          <Row
            key={passkey.id}
            passkey={passkey}
            leaving={leaving === passkey.id}
            onLeave={(yes) => setLeaving(yes ? passkey.id : undefined)}
            remove={(proof) => remove(passkey.id, proof)}
          />
        ))}
      </List>
      {codes && <Codes codes={codes} />}
      {data.length > 0 && factor && !factor.confirmed && (
        <Box sx={{ my: 1 }}>
          <Typography variant="body2">{say('%{recovery_codes} recovery codes are left.', { recovery_codes: factor.recovery_codes })}</Typography>
          <Step
            password="Password, for new recovery codes"
            button="Renew recovery codes"
            run={async ({ password: proof }) => {
              setCodes(await provider.renewRecovery(proof));
              await done('Recovery codes renewed');
            }}
          />
        </Box>
      )}
      {problem && (
        <Alert severity="error" sx={{ my: 1, maxWidth: 640 }}>
          {problem}
        </Alert>
      )}
      {passkeysWork() ? (
        <Box component="form" onSubmit={add} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 640 }}>
          <TextField fullWidth={false} label={say('Name of a new passkey')} value={name} onChange={(event) => setName(event.target.value)} sx={{ flexGrow: 1, minWidth: 180 }} />
          <TextField
            fullWidth={false}
            label={say('Password, to add a passkey')}
            type="password"
            autoComplete="current-password"
            value={password}
            onChange={(event) => setPassword(event.target.value)}
            sx={{ flexGrow: 1, minWidth: 180 }}
          />
          <Button type="submit" variant="outlined" disabled={busy || name.trim() === '' || password === ''} sx={{ mt: 1 }}>
            {say('Add passkey')}
          </Button>
        </Box>
      ) : (
        <Typography variant="body2">{say('Passkeys can be added from a secure address (https) with a browser that knows them.')}</Typography>
      )}
    </Box>
  );
}
