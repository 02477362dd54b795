// Users and organizations: who there is, where they belong, what they may do, and one's own account.
import { Building2, CircleUserRound, ShieldCheck, UserRoundCog } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { Login, LoginForm } from './account/Login';
import { type TenancyOperations, tenancyOperations } from './operations';
import { tenancyTexts } from './texts';
import { invitation } from './users/invitation';
import type { Organization, User } from './types';

/** What tenancy gives to the admin. */
export const tenancy: Concern<TenancyOperations> = {
  name: 'tenancy',
  resources: [
    {
      name: 'organizations',
      path: 'users/organization/',
      model: { app: 'openwisp_users', model: 'organization' },
      icon: Building2,
      list: page(() => import('./organizations/OrganizationList')),
      create: page(() => import('./organizations/OrganizationCreate')),
      edit: page(() => import('./organizations/OrganizationEdit')),
    },
    {
      name: 'users',
      path: 'users/user/',
      model: { app: 'openwisp_users', model: 'user' },
      icon: UserRoundCog,
      title: 'username',
      list: page(() => import('./users/UserList')),
      create: page(() => import('./users/UserCreate')),
      edit: page(() => import('./users/UserEdit')),
      creates: invitation,
    },
    {
      name: 'groups',
      path: 'users/group/',
      model: { app: 'openwisp_users', model: 'group' },
      icon: ShieldCheck,
      list: page(() => import('./groups/GroupList')),
      create: page(() => import('./groups/GroupCreate')),
      edit: page(() => import('./groups/GroupEdit')),
    },
  ],
  menu: [
    { section: 'administration', order: 10, resource: 'organizations' },
    { section: 'administration', order: 20, resource: 'users' },
    { section: 'administration', order: 30, resource: 'groups' },
  ],
  routes: [{ path: '/account', page: page(() => import('./account/Account')) }],
  texts: tenancyTexts,
  operations: tenancyOperations,
  finders: [
    listFinder<User>({
      name: 'People',
      resource: 'users',
      path: 'users/user/',
      icon: UserRoundCog,
      title: ({ username }) => username,
      detail: ({ first_name, last_name, email }) => [`${first_name} ${last_name}`.trim(), email].filter(Boolean).join(' · '),
    }),
    listFinder<Organization>({ name: 'Organizations', resource: 'organizations', path: 'users/organization/', icon: Building2, title: ({ name }) => name }),
  ],
  models: { addresses: { app: 'account', model: 'emailaddress' }, apikeys: { app: 'openwisp_users', model: 'apikey' } },
  kinds: {
    'openwisp_users.organization': { name: 'Organization', resource: 'organizations' },
    'openwisp_users.user': { name: 'User', resource: 'users' },
    'openwisp_users.group': { name: 'Group', resource: 'groups' },
    'openwisp_users.organizationuser': { name: 'Membership' },
    'openwisp_users.organizationowner': { name: 'Owner of an organization' },
    'account.emailaddress': { name: 'E-mail address' },
    'account.secondfactor': { name: 'Second factor' },
    'account.passkey': { name: 'Passkey' },
    'authtoken.token': { name: 'Token' },
    'authtoken.apitoken': { name: 'Named token' },
  },
  references: { OrganizationID: 'organizations', Groups: 'groups', UserID: 'users', OwnerID: 'users' },
  login: Login,
  loginForm: LoginForm,
  account: [{ to: '/account', label: 'My account', icon: CircleUserRound }],
};
