import { Box, Chip, type Theme, Typography } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import {
  BooleanField,
  BulkDeleteButton,
  CreateButton,
  DataTable,
  DateTimeInput,
  FilterButton,
  List,
  NullableBooleanInput,
  Pagination,
  ReferenceField,
  SearchInput,
  SelectInput,
  SimpleList,
  TopToolbar,
  useCanAccess,
} from 'react-admin';
import type { Template } from '../types';
import { Moment } from '../../design/Moment';
import { backendLabel, backends } from '../backends';
import { RecordLink } from '../../lists/RecordLink';
import { OrganizationInput } from '../../tenancy/references';
import { templateTypes } from './TemplateForm';

const filters = [
  <SearchInput key="q" source="q" alwaysOn placeholder="Name" />,
  <OrganizationInput key="organization" source="organization" filter />,
  <SelectInput key="backend" source="backend" choices={backends} />,
  <SelectInput key="type" source="type" choices={templateTypes} />,
  <NullableBooleanInput key="default" source="default" />,
  <NullableBooleanInput key="required" source="required" />,
  <DateTimeInput key="from" source="created__gte" />,
  <DateTimeInput key="to" source="created__lt" />,
];

function Actions() {
  return (
    <TopToolbar>
      <FilterButton />
      <CreateButton />
    </TopToolbar>
  );
}

function Marks({ template }: { template: Template }) {
  return (
    <Box component="span" sx={{ display: 'inline-flex', gap: 0.5 }}>
      {!template.organization && <Chip size="small" variant="outlined" label="shared" />}
      {template.required && <Chip size="small" color="primary" variant="outlined" label="required" />}
      {template.default && !template.required && <Chip size="small" variant="outlined" label="default" />}
    </Box>
  );
}

/** The list of templates. */
export default function TemplateList() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
  const { canAccess } = useCanAccess({ resource: 'templates', action: 'delete' });
  return (
    <List
      filters={filters}
      actions={<Actions />}
      sort={{ field: 'created', order: 'DESC' }}
      perPage={25}
      pagination={<Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
    >
      {narrow ? (
        <SimpleList<Template>
          primaryText={(template) => (
            <Box sx={{ display: 'flex', justifyContent: 'space-between', gap: 1 }}>
              <Typography component="span" noWrap sx={{ fontWeight: 600 }}>
                {template.name}
              </Typography>
              <Marks template={template} />
            </Box>
          )}
          secondaryText={(template) => backendLabel(template.backend)}
          rowClick="edit"
        />
      ) : (
        <DataTable rowClick="edit" bulkActionButtons={canAccess ? <BulkDeleteButton mutationMode="pessimistic" /> : false}>
          <DataTable.Col source="name" sx={{ minWidth: 120 }} field={RecordLink} />
          <DataTable.Col source="organization" disableSort>
            <ReferenceField
              source="organization"
              reference="organizations"
              link={false}
              emptyText="Shared systemwide"
            />
          </DataTable.Col>
          <DataTable.Col source="type" render={(template: Template) => templateTypes.find(({ id }) => id === template.type)?.name} />
          <DataTable.Col source="backend" render={(template: Template) => backendLabel(template.backend)} />
          <DataTable.Col source="default" label="Default">
            <BooleanField source="default" />
          </DataTable.Col>
          <DataTable.Col source="required">
            <BooleanField source="required" />
          </DataTable.Col>
          <DataTable.Col source="created" render={(record: Template) => <Moment at={record.created} />} />
          <DataTable.Col source="modified" render={(record: Template) => <Moment at={record.modified} />} />
        </DataTable>
      )}
    </List>
  );
}
