// Puts the admin together: providers, theme, pages. Pages are loaded when they are opened.
import BusinessIcon from '@mui/icons-material/BusinessOutlined';
import GroupsIcon from '@mui/icons-material/GroupsOutlined';
import PersonIcon from '@mui/icons-material/PersonOutlined';
import RouterIcon from '@mui/icons-material/RouterOutlined';
import EventIcon from '@mui/icons-material/HistoryOutlined';
import TemplateIcon from '@mui/icons-material/DescriptionOutlined';
import { QueryClient } from '@tanstack/react-query';
import { Admin, CustomRoutes, Resource } from 'react-admin';
import { createBrowserRouter, Route, RouterProvider } from 'react-router-dom';
import { createClient } from '../api/client';
import { createDataProvider } from '../api/dataProvider';
import { APIError } from '../api/errors';
import { createAuthProvider } from '../api/session';
import { Layout } from './Layout';
import { Login } from './Login';
import { messages } from './messages';
import { NotFound, page } from './pages';
import { darkTheme, lightTheme } from './theme';

const Dashboard = page(() => import('../dashboard/Dashboard'));
const DeviceList = page(() => import('../devices/DeviceList'));
const DeviceCreate = page(() => import('../devices/DeviceCreate'));
const DeviceEdit = page(() => import('../devices/DeviceEdit'));
const TemplateList = page(() => import('../templates/TemplateList'));
const TemplateCreate = page(() => import('../templates/TemplateCreate'));
const TemplateEdit = page(() => import('../templates/TemplateEdit'));
const OrganizationList = page(() => import('../organizations/OrganizationList'));
const OrganizationCreate = page(() => import('../organizations/OrganizationCreate'));
const OrganizationEdit = page(() => import('../organizations/OrganizationEdit'));
const UserList = page(() => import('../users/UserList'));
const UserCreate = page(() => import('../users/UserCreate'));
const UserEdit = page(() => import('../users/UserEdit'));
const GroupList = page(() => import('../users/GroupList'));
const GroupCreate = page(() => import('../users/GroupCreate'));
const GroupEdit = page(() => import('../users/GroupEdit'));
const EventList = page(() => import('../users/EventList'));
const Account = page(() => import('../users/Account'));

/** Retries what may pass by itself: no connection, a busy server. Refusals are final. */
function retry(failures: number, error: unknown): boolean {
  const passing = error instanceof APIError && (error.status === 0 || error.status === 503);
  return passing && failures < 2;
}

const record = (r: { name?: string }) => r.name ?? '';

function AdminApp() {
  const request = createClient();
  const queryClient = new QueryClient({
    defaultOptions: { queries: { retry, refetchOnWindowFocus: false } },
  });
  return (
    <Admin
      title="Wispwright"
      requireAuth
      disableTelemetry
      authProvider={createAuthProvider(request)}
      dataProvider={createDataProvider(request)}
      i18nProvider={messages}
      queryClient={queryClient}
      layout={Layout}
      loginPage={Login}
      catchAll={NotFound}
      dashboard={Dashboard}
      theme={lightTheme}
      darkTheme={darkTheme}
    >
      <Resource
        name="devices"
        icon={RouterIcon}
        list={DeviceList}
        create={DeviceCreate}
        edit={DeviceEdit}
        recordRepresentation={record}
      />
      <Resource
        name="templates"
        icon={TemplateIcon}
        list={TemplateList}
        create={TemplateCreate}
        edit={TemplateEdit}
        recordRepresentation={record}
      />
      <Resource
        name="organizations"
        icon={BusinessIcon}
        list={OrganizationList}
        create={OrganizationCreate}
        edit={OrganizationEdit}
        recordRepresentation={record}
      />
      <Resource
        name="users"
        icon={PersonIcon}
        list={UserList}
        create={UserCreate}
        edit={UserEdit}
        recordRepresentation="username"
      />
      <Resource
        name="groups"
        icon={GroupsIcon}
        list={GroupList}
        create={GroupCreate}
        edit={GroupEdit}
        recordRepresentation={record}
      />
      <Resource name="events" icon={EventIcon} list={EventList} recordRepresentation="label" />
      <Resource name="devicegroups" recordRepresentation={record} />
      <Resource name="vpns" recordRepresentation={record} />
      <CustomRoutes>
        <Route path="/account" element={<Account />} />
      </CustomRoutes>
    </Admin>
  );
}

// A data router, because only with one can a page ask before unsaved changes are lost.
const router = createBrowserRouter([{ path: '*', element: <AdminApp /> }], { basename: '/admin' });

/** The whole web admin. */
export function App() {
  return <RouterProvider router={router} />;
}
