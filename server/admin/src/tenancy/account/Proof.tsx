// What one proves oneself with on the account page: a password, a code, or both; and the recovery codes that come of it.
import { Alert, Box, Button, TextField, Typography } from '@mui/material';
import { useState, type FormEvent } from 'react';
import { problemOf } from '../../api/errors';
import { CopyButton } from '../../design/Copyable';
import { useText } from '../../design/useText';

interface StepProps {
  /** Labels of the fields; without one the step does not ask for it. */
  password?: string;
  code?: string;
  button: string;
  color?: 'primary' | 'error';
  run(proof: { password: string; code: string }): Promise<void>;
}

/** One or two fields and a button. */
export function Step({ password, code, button, color = 'primary', run }: StepProps) {
  const [secret, setSecret] = useState('');
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await run({ password: secret, code: text.trim() });
      setSecret('');
      setText('');
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  const missing = (password !== undefined && secret === '') || (code !== undefined && text.trim() === '');
  return (
    <Box component="form" onSubmit={submit} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 640 }}>
      {password !== undefined && (
        <TextField
          fullWidth={false}
          label={password}
          type="password"
          autoComplete="current-password"
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
          error={problem !== undefined}
          helperText={problem}
          sx={{ flexGrow: 1, minWidth: 200 }}
        />
      )}
      {code !== undefined && (
        <TextField
          fullWidth={false}
          label={code}
          autoComplete="one-time-code"
          value={text}
          onChange={(event) => setText(event.target.value)}
          error={problem !== undefined}
          helperText={password === undefined ? problem : undefined}
          sx={{ flexGrow: 1, minWidth: 200 }}
        />
      )}
      <Button type="submit" variant="outlined" color={color} disabled={busy || missing} sx={{ mt: 1 }}>
        {button}
      </Button>
    </Box>
  );
}

/** Recovery codes, which are shown this once. */
export function Codes({ codes }: { codes: string[] }) {
  const say = useText();
  return (
    <Alert severity="success" sx={{ mt: 1, maxWidth: 520 }}>
      <Typography variant="body2">
        {say('Keep these recovery codes somewhere safe: each opens the account once, when the second factor is not at hand. They are shown only now.')}
      </Typography>
      <Box component="pre" data-testid="recovery-codes" sx={{ fontFamily: 'monospace', m: 0, mt: 1 }}>
        {codes.join('\n')}
      </Box>
      <CopyButton text={codes.join('\n')} label="recovery codes" />
    </Alert>
  );
}
