import { Button, Divider } from '@mui/material';
import { useEffect, useState } from 'react';
import { useText } from '../../design/useText';
import { type Provider, providersIn } from './providers';

/** Buttons for those who have an account elsewhere; nothing where the installation knows no provider. */
export function Providers({ next }: { next?: string }) {
  const say = useText();
  const [providers, setProviders] = useState<Provider[]>([]);
  useEffect(() => {
    const gone = new AbortController();
    fetch('/accounts/oidc/', { signal: gone.signal, headers: { accept: 'application/json' } })
      .then((answer) => (answer.ok ? answer.json() : {}))
      .then((answer) => setProviders(providersIn(answer)))
      .catch(() => {}); // the password still works
    return () => gone.abort();
  }, []);
  if (providers.length === 0) return null;
  return (
    <>
      <Divider sx={{ my: 1 }}>{say('or')}</Divider>
      {providers.map(({ label, url }) => (
        <Button key={url} href={`${url}?next=${encodeURIComponent(next ?? '/admin/')}`} variant="outlined" size="large" fullWidth>
          {say('Log in with %{name}', { name: label })}
        </Button>
      ))}
    </>
  );
}
