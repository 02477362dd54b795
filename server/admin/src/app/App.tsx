// Puts the admin together: the concerns' resources and pages, providers, theme.
import { QueryClient } from '@tanstack/react-query';
import { CoreAdminContext, CoreAdminUI, CustomRoutes, localStorageStore, type RaRecord, Resource, ThemeProvider, ThemesContext } from 'react-admin';
import { CssBaseline } from '@mui/material';
import { lazy, memo, Suspense, useEffect, useMemo, useState } from 'react';
import { createBrowserRouter, Route, RouterProvider } from 'react-router-dom';
import { createClient } from '../api/client';
import { createDataProvider } from '../api/dataProvider';
import { APIError } from '../api/errors';
import { createAuthProvider } from '../api/session';
import { createSessionGate } from '../api/sessionGate';
import { Loading } from '../design/states';
import { type Brand, productName } from '../design/brand';
import { BrandContext } from '../design/BrandContext';
import { themesOf } from '../design/theme';
import { type Concern, modelsOf } from './concern';
import { FrameContext } from './ConcernsContext';
import { Layout } from './Layout';
import type { Sentences } from '../language/languages';
import { messagesOf } from './messages';
import { NotAllowed, NotFound, page, PageError } from './pages';

const Notices = lazy(() => import('./Notices'));
const LoadingPage = () => <Loading />;
const Overview = page(() => import('./Overview'));
const Parts = page(() => import('./Parts'));
const OldAddress = page(() => import('./OldAddress'));

/** Retries what may pass by itself: no connection, a busy server. Refusals are final. */
function retry(failures: number, error: unknown): boolean {
  const passing = error instanceof APIError && (error.status === 0 || error.status === 503);
  return passing && failures < 2;
}

/** What a person chose stays in the browser: theme, columns, views, sound. Without one react-admin forgets it with the page. */
const store = localStorageStore();

/** The picture in the browser's tab. */
function useIcon(icon: string) {
  useEffect(() => {
    const link = document.querySelector<HTMLLinkElement>('link[rel=icon]');
    if (!link || !icon) return undefined;
    const { type, href } = link;
    link.type = icon.slice('data:'.length, icon.indexOf(';'));
    link.href = icon;
    return () => {
      link.type = type;
      link.href = href;
    };
  }, [icon]);
}

interface AppProps {
  concerns: Concern[];
  brand: Brand;
  /** The language that it begins in, with its texts. */
  language: { locale: string; sentences: Sentences };
}

function AdminApp({ concerns, brand: first, language }: AppProps) {
  const [brand, setBrand] = useState(first);
  const branded = useMemo(() => ({ brand, setBrand }), [brand]);
  const themes = useMemo(() => themesOf(brand), [brand]);
  useIcon(brand.icon);
  return (
    <BrandContext.Provider value={branded}>
      <ThemesContext.Provider value={themes}>
        <Admin concerns={concerns} name={first.name || productName} language={language} />
      </ThemesContext.Provider>
    </BrandContext.Provider>
  );
}

/** Made once: another look does not begin the session and what was read anew. */
const Admin = memo(({ concerns, name, language }: { concerns: Concern[]; name: string; language: AppProps['language'] }) => {
  const gate = createSessionGate(createClient());
  const { request } = gate;
  const messages = messagesOf(concerns, language);
  const queryClient = new QueryClient({
    defaultOptions: {
      // a request without a connection fails at once; held back, it would be sent when nobody wants it any more
      queries: { retry, refetchOnWindowFocus: false, networkMode: 'always' },
      mutations: { retry: false, networkMode: 'always' },
    },
  });
  return (
    <FrameContext.Provider value={{ concerns, request, gate }}>
      <CoreAdminContext
        authProvider={createAuthProvider(request, modelsOf(concerns))}
        dataProvider={createDataProvider(request, concerns)}
        i18nProvider={messages}
        queryClient={queryClient}
        store={store}
      >
        <ThemeProvider>
          <CssBaseline enableColorScheme />
          <CoreAdminUI
            title={name}
            requireAuth
            disableTelemetry
            layout={Layout}
            loading={LoadingPage}
            error={PageError as never}
            accessDenied={NotAllowed}
            loginPage={concerns.find(({ login }) => login)?.login}
            catchAll={NotFound}
            dashboard={Overview}
          >
            {concerns.flatMap(({ resources }) =>
              resources.map(({ name, icon, list, create, edit, title = 'name' }) => (
                <Resource key={name} name={name} icon={icon} list={list} create={create} edit={edit} recordRepresentation={(record: RaRecord) => String(record[title] ?? '')} />
              )),
            )}
            <CustomRoutes>
              <Route path="/parts" element={<Parts />} />
              <Route path="/:app/:model/:id/change" element={<OldAddress />} />
              {/* written out: any two words would also be a page of an object here */}
              {concerns.flatMap(({ resources }) =>
                resources.flatMap(({ name, model }) =>
                  model ? ['', '/:id'].map((rest) => <Route key={`${name}${rest}`} path={`/${model.app}/${model.model}${rest}`} element={<OldAddress app={model.app} model={model.model} />} />) : [],
                ),
              )}
              {concerns.flatMap(({ routes = [] }) => routes.map(({ path, page: Page }) => <Route key={path} path={path} element={<Page />} />))}
            </CustomRoutes>
          </CoreAdminUI>
          <Suspense>
            <Notices />
          </Suspense>
        </ThemeProvider>
      </CoreAdminContext>
    </FrameContext.Provider>
  );
});
Admin.displayName = 'Admin';

/** The whole web admin, of the concerns given. */
export function App(props: AppProps) {
  // A data router, because only with one can a page ask before unsaved changes are lost.
  const router = createBrowserRouter([{ path: '*', element: <AdminApp {...props} /> }], { basename: '/admin' });
  return <RouterProvider router={router} />;
}
