// The frame of every page: bar, navigation, the page itself and what is shown in place of one that failed.
import { Suspense, type ReactNode, useEffect, useState } from 'react';
import { useMediaQuery } from '@mui/material';
import { usePermissions, useTranslate } from 'react-admin';
import { Navigate, useLocation } from 'react-router-dom';
import { administers } from '../api/session';
import type { Session } from '../api/types';
import { useOnline } from '../design/Bars';
import { PageHead } from '../design/PageHead';
import { Loading, Refused } from '../design/states';
import { StatusShape } from '../design/Status';
import { Live } from '../live/Live';
import { Bar } from './Bar';
import { ErrorBoundary } from './ErrorBoundary';
import { Navigation } from './Navigation';
import { Relogin } from './Relogin';

// A page begins at its top and is read from its heading on, as a new document would be.
function useNewPage(pathname: string) {
  const [place] = pathname.split('/').slice(1, 2);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place is what it waits for
  useEffect(() => {
    window.scrollTo(0, 0); // newer browsers return a promise, which is no end of an effect
  }, [place]);
}

/** Staff who manage no organization: every list would refuse them. */
function managesNothing({ user, organizations }: Session): boolean {
  return !user.is_superuser && !organizations.some(({ is_admin }) => is_admin);
}

function NothingManaged({ session }: { session: Session | undefined }) {
  const translate = useTranslate();
  const names = session?.organizations.map(({ name }) => name).join(', ');
  return (
    <div className="w-page">
      <PageHead title="Overview" />
      <Refused title="You manage no organization yet">
        {names ? `${translate('You are a member of %{names}.', { names })} ` : ''}
        {translate('An administrator can make you a manager; then devices and templates are here. Your own account is under the letters at the top right.')}
      </Refused>
    </div>
  );
}

/** The layout handed to react-admin. A person who has to do something first is kept on the page where it is done. */
export function Layout({ children }: { children: ReactNode }) {
  const { permissions: session } = usePermissions<Session>();
  const { pathname } = useLocation();
  const online = useOnline();
  const translate = useTranslate();
  const phone = useMediaQuery('(max-width: 640px)');
  const [open, setOpen] = useState(false);
  useNewPage(pathname);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
  useEffect(() => setOpen(false), [pathname]);
  if (session && (session.restricted || !administers(session)) && pathname !== '/account') return <Navigate to="/account" replace />;
  const nothing = session !== undefined && pathname !== '/account' && !session.restricted && managesNothing(session);
  return (
    <Live>
    <div className="w-app">
      <a className="w-skip" href="#main-content">
        {translate('To the contents')}
      </a>
      <Bar onMenu={() => setOpen(!open)} />
      <Navigation drawer={phone} open={open} onClose={() => setOpen(false)} />
      <main id="main-content" className="w-main" tabIndex={-1}>
        {!online && (
          <div className="w-offline" role="alert">
            <StatusShape status="critical" /> {translate('No connection. What you see may be old, and nothing is saved.')}
          </div>
        )}
        <ErrorBoundary key={pathname}>
          <Suspense fallback={<Loading />}>{nothing ? <NothingManaged session={session} /> : children}</Suspense>
        </ErrorBoundary>
      </main>
      <Relogin />
    </div>
    </Live>
  );
}
