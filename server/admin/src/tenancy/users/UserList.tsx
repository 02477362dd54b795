import type { Theme } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import {
  BooleanField,
  BulkDeleteButton,
  CreateButton,
  DataTable,
  FilterButton,
  List,
  NullableBooleanInput,
  Pagination,
  ReferenceInput,
  SearchInput,
  SelectInput,
  SimpleList,
  TopToolbar,
  useCanAccess,
  useGetManyAggregate,
  useRecordContext,
} from 'react-admin';
import type { Organization, User } from '../types';
import { ExportButton } from '../../lists/ExportButton';
import { RecordLink } from '../../lists/RecordLink';
import type { Column } from '../../lists/csv';
import { OrganizationInput, useSuperuser } from '../references';

const filters = [
  <SearchInput key="q" source="q" alwaysOn placeholder="Username, name, email…" />,
  <OrganizationInput key="organization" source="organization" filter />,
  <ReferenceInput key="groups" source="groups" reference="groups" perPage={100}>
    <SelectInput optionText="name" label="Group" />
  </ReferenceInput>,
  <NullableBooleanInput key="active" source="is_active" />,
  <NullableBooleanInput key="staff" source="is_staff" />,
  <NullableBooleanInput key="superuser" source="is_superuser" />,
];

function fullName(user: User): string {
  return `${user.first_name} ${user.last_name}`.trim();
}

function organizationsOf(user: User): string[] {
  return user.organization_users.map(({ organization }) => organization);
}

/** Where a user belongs, by name. */
function Organizations() {
  const user = useRecordContext<User>();
  const { data = [] } = useGetManyAggregate<Organization>('organizations', { ids: user ? organizationsOf(user) : [] });
  return <>{data.map((organization) => organization?.name).filter(Boolean).join(', ') || '–'}</>;
}

const fields = ['username', 'email', 'first_name', 'last_name', 'phone_number', 'birth_date', 'is_active', 'is_staff', 'is_superuser'] as const;
const exported: Column<User>[] = [
  ...fields.map((title) => ({ title, of: (user: User) => user[title] })),
  {
    title: 'organizations',
    of: (user, nameOf) =>
      user.organization_users.map(({ organization, is_admin }) => nameOf(organization) + (is_admin ? ' (manager)' : '')).join('; '),
  },
  { title: 'id', of: ({ id }) => id },
];

/** The list of users. */
export default function UserList() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
  const { canAccess } = useCanAccess({ resource: 'users', action: 'delete' });
  const superuser = useSuperuser();
  return (
    <List
      filters={filters}
      actions={
        <TopToolbar>
          <FilterButton />
          <ExportButton<User> name="users" columns={exported} names={{ resource: 'organizations', ids: organizationsOf }} />
          <CreateButton />
        </TopToolbar>
      }
      sort={{ field: 'date_joined', order: 'DESC' }}
      perPage={25}
      pagination={<Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
    >
      {narrow ? (
        <SimpleList<User>
          primaryText={(user) => user.username}
          secondaryText={(user) => [fullName(user), user.email].filter(Boolean).join(' · ')}
          rowClick="edit"
        />
      ) : (
        <DataTable rowClick="edit" bulkActionButtons={canAccess ? <BulkDeleteButton mutationMode="pessimistic" /> : false}>
          <DataTable.Col source="username">
            <RecordLink source="username" />
          </DataTable.Col>
          <DataTable.Col source="email" />
          <DataTable.Col label="Name" disableSort render={fullName} />
          <DataTable.Col source="organization_users" disableSort>
            <Organizations />
          </DataTable.Col>
          <DataTable.Col source="is_active">
            <BooleanField source="is_active" />
          </DataTable.Col>
          <DataTable.Col source="is_staff">
            <BooleanField source="is_staff" />
          </DataTable.Col>
          {superuser && (
            <DataTable.Col source="is_superuser">
              <BooleanField source="is_superuser" />
            </DataTable.Col>
          )}
        </DataTable>
      )}
    </List>
  );
}
