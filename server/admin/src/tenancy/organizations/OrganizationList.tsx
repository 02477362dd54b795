import type { Theme } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import {
  BooleanField,
  CreateButton,
  DataTable,
  List,
  Pagination,
  SearchInput,
  SimpleList,
  TopToolbar,
} from 'react-admin';
import type { Organization } from '../types';
import { ExportButton } from '../../lists/ExportButton';
import { Moment } from '../../design/Moment';
import { RecordLink } from '../../lists/RecordLink';
import type { Column } from '../../lists/csv';

const filters = [<SearchInput key="q" source="q" alwaysOn placeholder="Name" />];

const exported: Column<Organization>[] = (['name', 'slug', 'is_active', 'email', 'url', 'description', 'created', 'modified', 'id'] as const).map((title) => ({
  title,
  of: (organization) => organization[title],
}));

/** The list of organizations. */
export default function OrganizationList() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
  return (
    <List
      filters={filters}
      actions={
        <TopToolbar>
          <ExportButton<Organization> name="organizations" columns={exported} />
          <CreateButton />
        </TopToolbar>
      }
      sort={{ field: 'name', order: 'ASC' }}
      perPage={25}
      pagination={<Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
    >
      {narrow ? (
        <SimpleList<Organization>
          primaryText={(organization) => organization.name}
          secondaryText={(organization) => (organization.is_active ? organization.slug : `${organization.slug} · inactive`)}
          rowClick="edit"
        />
      ) : (
        <DataTable rowClick="edit" bulkActionButtons={false}>
          <DataTable.Col source="name" sx={{ minWidth: 120 }} field={RecordLink} />
          <DataTable.Col source="slug" />
          <DataTable.Col source="is_active">
            <BooleanField source="is_active" />
          </DataTable.Col>
          <DataTable.Col source="created" render={(record: Organization) => <Moment at={record.created} />} />
          <DataTable.Col source="modified" render={(record: Organization) => <Moment at={record.modified} />} />
        </DataTable>
      )}
    </List>
  );
}
