// Puts the admin together: the concerns' resources and pages, providers, theme.
import { QueryClient } from '@tanstack/react-query';
import { CoreAdminContext, CoreAdminUI, CustomRoutes, localStorageStore, Notification, type RaRecord, Resource, ThemeProvider, ThemesContext } from 'react-admin';
import { CssBaseline } from '@mui/material';
import { createBrowserRouter, Route, RouterProvider } from 'react-router-dom';
import { createClient } from '../api/client';
import { createDataProvider } from '../api/dataProvider';
import { APIError } from '../api/errors';
import { createAuthProvider } from '../api/session';
import { createSessionGate } from '../api/sessionGate';
import { Loading } from '../design/states';
import { darkTheme, lightTheme } from '../design/theme';
import { type Concern, modelsOf } from './concern';
import { FrameContext } from './ConcernsContext';
import { Layout } from './Layout';
import { messagesOf } from './messages';
import { NotAllowed, NotFound, page, PageError } from './pages';

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

function AdminApp({ concerns }: { concerns: Concern[] }) {
  const gate = createSessionGate(createClient());
  const { request } = gate;
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
        i18nProvider={messagesOf(concerns)}
        queryClient={queryClient}
        store={store}
      >
        <ThemesContext.Provider value={{ lightTheme, darkTheme }}>
          <ThemeProvider>
            <CssBaseline enableColorScheme />
            <CoreAdminUI
              title="Wispwright"
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
            <Resource
              key={name}
              name={name}
              icon={icon}
              list={list}
              create={create}
              edit={edit}
              recordRepresentation={(record: RaRecord) => String(record[title] ?? '')}
            />
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
            <Notification />
          </ThemeProvider>
        </ThemesContext.Provider>
      </CoreAdminContext>
    </FrameContext.Provider>
  );
}

/** The whole web admin, of the concerns given. */
export function App({ concerns }: { concerns: Concern[] }) {
  // A data router, because only with one can a page ask before unsaved changes are lost.
  const router = createBrowserRouter([{ path: '*', element: <AdminApp concerns={concerns} /> }], { basename: '/admin' });
  return <RouterProvider router={router} />;
}
