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
} from 'react-admin';
import type { User } from '../api/types';
import { OrganizationInput, useSuperuser } from '../app/references';

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
          <DataTable.Col source="username" sx={{ fontWeight: 600 }} />
          <DataTable.Col source="email" />
          <DataTable.Col label="Name" disableSort render={fullName} />
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
