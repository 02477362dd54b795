// Pages that are loaded when they are opened, and what is shown in place of one: there is none, or it could not be loaded.
import { Alert, AlertTitle, Box, Button, Typography } from '@mui/material';
import { lazy, type ComponentType } from 'react';
import { useTranslate } from 'react-admin';
import { Link } from 'react-router-dom';
import { PageHead } from '../design/PageHead';
import { Refused } from '../design/states';

/**
 * A page of its own file. After an update of the server the files have other names: a page opened before is loaded
 * again then, once.
 */
// biome-ignore lint/suspicious/noExplicitAny: a part may ask for whatever it is given
export function page<T extends ComponentType<any>>(load: () => Promise<{ default: T }>) {
  const reloaded = `wispwright.reloaded ${load}`; // of this page alone: others that load do not begin it anew
  return lazy(async () => {
    try {
      const loaded = await load();
      sessionStorage.removeItem(reloaded);
      return loaded;
    } catch (error) {
      if (!navigator.onLine || sessionStorage.getItem(reloaded)) throw error;
      sessionStorage.setItem(reloaded, '1');
      window.location.reload();
      return new Promise<never>(() => undefined);
    }
  });
}

/** In place of a page that failed. */
export function PageError({ error }: { error?: Error }) {
  const translate = useTranslate();
  const missing = /dynamically imported module|module script/i.test(error?.message ?? '');
  return (
    <Box className="w-page" sx={{ maxWidth: 640 }} role="alert">
      <PageHead title="Something went wrong" />
      <Alert severity="error" action={<Button color="inherit" size="small" onClick={() => window.location.reload()}>{translate('Load again')}</Button>}>
        <AlertTitle>{translate(missing ? 'This page could not be loaded' : 'This page failed')}</AlertTitle>
        {missing ? translate('The server cannot be reached, or was updated.') : error?.message}
      </Alert>
    </Box>
  );
}

/** In place of a page that the caller may not see. */
export function NotAllowed() {
  const translate = useTranslate();
  return (
    <div className="w-page">
      <PageHead title="You may not see this page" />
      <Refused title="Your account has no permission for it">{translate('An administrator can give you one.')}</Refused>
    </div>
  );
}

/** In place of a page that does not exist. */
export function NotFound() {
  const translate = useTranslate();
  return (
    <Box className="w-page">
      <PageHead title="There is no such page" />
      <Typography color="text.secondary" sx={{ mb: 2 }}>
        {translate('The address may be mistyped, or the link is an old one.')}
      </Typography>
      <Button variant="contained" component={Link} to="/" sx={{ mt: 2 }}>
        {translate('To the overview')}
      </Button>
    </Box>
  );
}
