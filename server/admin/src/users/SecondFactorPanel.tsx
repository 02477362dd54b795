// One's own second factor: set up an authenticator app, renew recovery codes, turn it off.
import { Alert, Box, Button, CircularProgress, TextField, Typography } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useDataProvider } from 'react-admin';
import type { AdminDataProvider } from '../api/dataProvider';
import { problemOf } from '../api/errors';
import type { Enrolment } from '../api/types';
import { CopyableText, CopyButton } from '../app/Copyable';

const queryKey = ['me', 'totp'];

interface StepProps {
  label: string;
  button: string;
  secret?: boolean;
  color?: 'primary' | 'error';
  run(text: string): Promise<void>;
}

/** A field and a button: one step that takes a password or a code. */
function Step({ label, button, secret = false, color = 'primary', run }: StepProps) {
  const [text, setText] = useState('');
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(undefined);
    try {
      await run(secret ? text : text.trim());
      setText('');
    } catch (error) {
      setProblem(problemOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <Box component="form" onSubmit={submit} sx={{ display: 'flex', flexWrap: 'wrap', gap: 1, alignItems: 'flex-start', maxWidth: 640 }}>
      <TextField
        fullWidth={false}
        label={label}
        type={secret ? 'password' : 'text'}
        autoComplete={secret ? 'current-password' : 'one-time-code'}
        value={text}
        onChange={(event) => setText(event.target.value)}
        error={problem !== undefined}
        helperText={problem}
        sx={{ flexGrow: 1, minWidth: 200 }}
      />
      <Button type="submit" variant="outlined" color={color} disabled={busy || text === ''} sx={{ mt: 1 }}>
        {button}
      </Button>
    </Box>
  );
}

function Codes({ codes }: { codes: string[] }) {
  return (
    <Alert severity="success" sx={{ mt: 1, maxWidth: 520 }}>
      <Typography variant="body2">
        Keep these recovery codes somewhere safe: each works once, when the app is not at hand. They are shown only now.
      </Typography>
      <Box component="pre" data-testid="recovery-codes" sx={{ fontFamily: 'monospace', m: 0, mt: 1 }}>
        {codes.join('\n')}
      </Box>
      <CopyButton text={codes.join('\n')} label="recovery codes" />
    </Alert>
  );
}

function SetUp({ enrolment, confirm }: { enrolment: Enrolment; confirm(code: string): Promise<void> }) {
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: 'minmax(0,1fr)', gap: 1 }}>
      <Typography variant="body2">Scan this with an authenticator app, or type the secret into it; then enter the code it shows.</Typography>
      <Box component="img" src={enrolment.qr} alt="QR code for the authenticator app" sx={{ width: 200, height: 200, imageRendering: 'pixelated', border: '8px solid #fff' }} />
      <CopyableText label="Secret" text={enrolment.secret} />
      <Step label="Code" button="Turn on" run={confirm} />
    </Box>
  );
}

/** The panel. onChange is told what was done, since it may lift a restriction. */
export function SecondFactorPanel({ onChange }: { onChange(message: string): Promise<void> }) {
  const provider = useDataProvider<AdminDataProvider>();
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey, queryFn: () => provider.secondFactor() });
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [codes, setCodes] = useState<string[]>();
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  if (!data) return <CircularProgress size={20} />;

  const step = (name: 'confirm' | 'recovery' | 'disable', message: string) => async (code: string) => {
    const fresh = await provider.secondFactorStep(name, code);
    setCodes(fresh.length > 0 ? fresh : undefined);
    setEnrolment(undefined);
    await queries.invalidateQueries({ queryKey });
    await onChange(message);
  };

  if (!data.confirmed) {
    return (
      <Box>
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
          {data.required
            ? 'Your account needs a second factor: a code of an authenticator app beside the password.'
            : 'A code of an authenticator app can be asked for beside the password.'}
        </Typography>
        {enrolment ? (
          <SetUp enrolment={enrolment} confirm={step('confirm', 'Second factor turned on')} />
        ) : (
          <Step secret label="Your password" button="Set up" run={async (password) => setEnrolment(await provider.enrol(password))} />
        )}
      </Box>
    );
  }
  return (
    <Box>
      <Typography variant="body2" sx={{ mb: 1 }}>
        On since {new Date(data.confirmed).toLocaleString()}; {data.recovery_codes} recovery codes are left.
      </Typography>
      {codes && <Codes codes={codes} />}
      <Step label="Code for new recovery codes" button="Renew recovery codes" run={step('recovery', 'Recovery codes renewed')} />
      {!data.required && (
        <Step label="Code to turn it off" button="Turn off" color="error" run={step('disable', 'Second factor turned off')} />
      )}
    </Box>
  );
}
