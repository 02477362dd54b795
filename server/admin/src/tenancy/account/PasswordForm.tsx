import { Alert, Box, Button, TextField } from '@mui/material';
import { useState, type FormEvent } from 'react';
import { useDataProvider } from 'react-admin';
import { useText } from '../../design/useText';
import type { TenancyProvider } from '../operations';
import { APIError, flattenErrors } from '../../api/errors';

interface PasswordFormProps {
  user: string;
  /** Whether the current password is asked for: of oneself, yes. */
  own: boolean;
  onDone(): void;
}

const empty = { current_password: '', new_password: '', confirm_password: '' };

/** Sets a user's password. The server's rules and messages are shown at the fields. */
export function PasswordForm({ user, own, onDone }: PasswordFormProps) {
  const say = useText();
  const provider = useDataProvider<TenancyProvider>();
  const [values, setValues] = useState(empty);
  const [problems, setProblems] = useState<Record<string, string>>({});
  const [busy, setBusy] = useState(false);
  const labels = { current_password: 'Current password', new_password: 'New password', confirm_password: 'New password again' };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setBusy(true);
    setProblems({});
    try {
      if (own) await provider.changeMyPassword(values);
      else await provider.changePassword(user, { ...values, current_password: null });
      setValues(empty);
      onDone();
    } catch (error) {
      const found = error instanceof APIError ? flattenErrors(error.body.errors) : [];
      const byField = Object.fromEntries(found.map(({ field, message }) => [field, message]));
      setProblems(found.length > 0 ? byField : { '': error instanceof Error ? error.message : String(error) });
    } finally {
      setBusy(false);
    }
  };

  return (
    <Box component="form" onSubmit={submit} sx={{ display: 'grid', gridTemplateColumns: 'minmax(0,1fr)', gap: 1, maxWidth: 420 }}>
      {problems[''] && <Alert severity="error">{problems['']}</Alert>}
      {(Object.keys(labels) as (keyof typeof labels)[])
        .filter((name) => own || name !== 'current_password')
        .map((name) => (
          <TextField
            key={name}
            type="password"
            name={name}
            label={labels[name]}
            autoComplete={name === 'current_password' ? 'current-password' : 'new-password'}
            value={values[name]}
            onChange={(event) => setValues({ ...values, [name]: event.target.value })}
            error={problems[name] !== undefined}
            helperText={problems[name]}
            required
            fullWidth
          />
        ))}
      <Button type="submit" variant="contained" disabled={busy || values.new_password === ''} sx={{ justifySelf: 'start' }}>
        {say('Set password')}
      </Button>
    </Box>
  );
}
