// The list of people: who they are, what they may do, and where.
import { useGetManyAggregate } from 'react-admin';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import type { Column as Exported } from '../../lists/csv';
import { ExportButton } from '../../lists/ExportButton';
import type { Filter } from '../../lists/filters';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import { organizationFilter, referenceFilter } from '../filters';
import type { Organization, User } from '../types';
import { BulkActivate } from './BulkActivate';
import { roleMeaning, roleName, roleOf } from './role';
import { useGroups } from './useGroups';

const filters: Filter[] = [
  { ...organizationFilter, shown: true },
  referenceFilter('groups', 'Group', 'groups'),
  { source: 'is_active', label: 'Active', kind: 'yesno' },
  { source: 'is_staff', label: 'May use this admin', kind: 'yesno' },
  { source: 'is_superuser', label: 'Superuser', kind: 'yesno' },
];

function fullName(user: User): string {
  return `${user.first_name} ${user.last_name}`.trim();
}

function organizationsOf(user: User): string[] {
  return user.organization_users.map(({ organization }) => organization);
}

/** Where a user belongs, by name. */
function Organizations({ user }: { user: User }) {
  const { data = [] } = useGetManyAggregate<Organization>('organizations', { ids: organizationsOf(user) });
  return <>{data.map((organization) => organization?.name).filter(Boolean).join(', ')}</>;
}

function RoleCell({ user }: { user: User }) {
  const say = useText();
  const groups = useGroups();
  const names = user.groups.map((id) => groups.find((group) => group.id === id)?.name ?? say('group %{id}', { id }));
  const role = roleOf(user, names);
  return <span title={names.length > 0 ? `${say(roleMeaning[role])} ${say('Groups')}: ${names.join(', ')}.` : say(roleMeaning[role])}>{say(roleName[role])}</span>;
}

const columns: Column<User>[] = [
  { id: 'username', label: 'Username', sort: 'username', fixed: true, width: '15%', phone: 'title', cell: (user) => <RecordLink record={user} title="username" /> },
  { id: 'name', label: 'Name', width: '15%', phone: 'status', cell: fullName },
  { id: 'role', label: 'Role', width: 130, phone: 'aside', cell: (user) => <RoleCell user={user} /> },
  { id: 'organizations', label: 'Organizations', phone: 'note', cell: (user) => <Organizations user={user} /> },
  { id: 'email', label: 'E-mail', sort: 'email', width: '20%', cell: ({ email }) => email },
  { id: 'is_active', label: 'Status', width: 120, phone: 'address', cell: ({ is_active }) => (is_active ? <Status status="ok" word="active" /> : <Status status="off" word="not active" title="Cannot log in by any means" />) },
  { id: 'expiration_date', label: 'Active until', sort: 'expiration_date', hidden: true, width: 120, cell: ({ expiration_date }) => expiration_date },
  { id: 'last_login', label: 'Last log-in', right: true, width: 120, cell: ({ last_login }) => <Moment at={last_login} /> },
];

const fields = ['username', 'email', 'first_name', 'last_name', 'phone_number', 'birth_date', 'expiration_date', 'is_active', 'is_staff', 'is_superuser'] as const;
const exported: Exported<User>[] = [
  ...fields.map((title) => ({ title, of: (user: User) => user[title] })),
  {
    title: 'organizations',
    of: (user, nameOf) => user.organization_users.map(({ organization, is_admin }) => nameOf(organization) + (is_admin ? ' (manager)' : '')).join('; '),
  },
  { title: 'id', of: ({ id }) => id },
];

/** The page. */
export default function UserList() {
  return (
    <ListPage<User>
      title="People"
      what="people"
      columns={columns}
      sort={{ field: 'username', order: 'ASC' }}
      placeholder="Username, name or e-mail"
      filters={filters}
      actions={<ExportButton<User> name="users" columns={exported} names={{ resource: 'organizations', ids: organizationsOf }} />}
      add="Add person"
      bulk={
        <>
          <BulkActivate />
          <BulkDelete one="person" many="people" loss="Their sessions, tokens and memberships end." title="username" />
        </>
      }
      empty={<Empty title="Nobody yet" />}
      nameOf={({ username }) => username}
    />
  );
}
