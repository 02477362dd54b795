import { Alert, Box, Button, CircularProgress, Link } from '@mui/material';
import { useState, type FormEvent } from 'react';
import { useLogin } from 'react-admin';
import { Providers } from './Providers';
import { passkeysWork, signWithPasskey, type PasskeyOptions } from './passkeys';
import { CodeNeeded } from '../../api/session';
import { useDocumentTitle } from '../../design/PageHead';
import { useBrand } from '../../design/BrandContext';
import { Field } from '../../design/Field';
import { Logo } from '../../design/Logo';
import { useText } from '../../design/useText';

/** The form of the log-in. The API accepts an e-mail address, a phone number or a user name. */
export function LoginForm({ login }: { login(proof: Record<string, unknown>): Promise<unknown> }) {
  const say = useText();
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string>();
  const [methods, setMethods] = useState<string[]>([]);
  const [passkey, setPasskey] = useState<PasskeyOptions>();
  const [again, setAgain] = useState(false);
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  const enter = async (proof: () => Promise<{ otp?: string; webauthn?: unknown }>) => {
    setBusy(true);
    setProblem(undefined);
    let proven = false;
    try {
      const more = await proof();
      proven = true;
      await login({ username: username.trim(), password, ...more });
    } catch (error) {
      if (error instanceof CodeNeeded) {
        const usable = passkeysWork() ? error.passkey : undefined;
        setMethods(error.methods);
        setPasskey(usable);
        setAgain(false);
        if (error.methods.includes('totp') || (!usable && error.methods.includes('recovery'))) setCode('');
        else if (!usable) setProblem(say('This account needs a passkey, which does not work here. Use a browser that knows passkeys, and a secure address.'));
        return;
      }
      setProblem(error instanceof Error ? error.message : say('The login failed. Please try again.'));
      if (!proven) return; // nothing was sent, and the passkey may be tried again
      if (passkey) {
        // its challenge is used up: the next log-in brings a new one
        setPasskey(undefined);
        setAgain(true);
      }
      if (code === undefined) setPassword('');
      else setCode('');
    } finally {
      setBusy(false);
    }
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (username.trim() === '' || password === '') return setProblem(say('Enter your name and your password.'));
    if (code === '' && !again) return setProblem(say('Enter the code.'));
    // without a code, this asks for the second factor anew
    return enter(async () => ({ otp: code?.trim() }));
  };
  return (
    <Box component="form" onSubmit={submit} noValidate sx={{ display: 'grid', gap: 1 }}>
      {problem && (
        <Alert severity="error" role="alert">
          {say(problem)}
        </Alert>
      )}
      <Field
        label="Email, phone number or username"
        name="username"
        autoComplete="username"
        autoFocus
        required
        value={username}
        onChange={setUsername}
      />
      <Field
        label="Password"
        name="password"
        type="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={setPassword}
      />
      {code !== undefined && (
        <Field
          label={methods.includes('totp') ? 'Code of your authenticator app' : 'Recovery code'}
          name="otp"
          autoComplete="one-time-code"
          help={methods.includes('totp') ? 'Or one of your recovery codes' : undefined}
          autoFocus
          required
          value={code}
          onChange={setCode}
        />
      )}
      {passkey && (
        <Button
          variant={code === undefined ? 'contained' : 'outlined'}
          size="large"
          disabled={busy}
          onClick={() => enter(async () => ({ webauthn: await signWithPasskey(passkey) }))}
          sx={{ mt: 1 }}
        >
          {say('Use a passkey')}
        </Button>
      )}
      {passkey && code === undefined && methods.includes('recovery') && (
        <Button size="small" onClick={() => setCode('')}>
          {say('Use a recovery code')}
        </Button>
      )}
      <Button
        type="submit"
        variant="contained"
        size="large"
        disabled={busy}
        startIcon={busy ? <CircularProgress size={16} color="inherit" /> : undefined}
        sx={{ mt: 1 }}
      >
        {say('Log in')}
      </Button>
    </Box>
  );
}

/** Where a link that asked for a log-in leads after it: /admin/login/?next=…, a path of this origin. */
export function nextOf(search: string, origin: string): string | undefined {
  const next = new URLSearchParams(search).get('next');
  if (!next?.startsWith('/')) return undefined;
  const url = new URL(next, origin);
  return url.origin === origin ? url.pathname + url.search + url.hash : undefined;
}

/** The log-in page. */
export function Login() {
  const say = useText();
  const { notice } = useBrand();
  const enter = useLogin();
  const next = nextOf(window.location.search, window.location.origin);
  const login = async (proof: Record<string, unknown>) => {
    await enter(proof);
    if (next) window.location.assign(next);
  };
  useDocumentTitle(say('Log in'));
  return (
    <div className="w-login">
      <main className="w-login-card">
        <Logo size={32} />
        <h1>{say('Log in to manage your network')}</h1>
        {notice && <p className="w-secondary">{notice}</p>}
        <LoginForm login={login} />
        <Providers next={next} />
        <p className="w-small w-secondary">
          <Link href="/accounts/password/reset/">{say('Forgot your password?')}</Link> {say('The account also works for the')}{' '}
          <Link href="/api/v1/docs/">{say('REST API')}</Link>.
        </p>
      </main>
    </div>
  );
}
