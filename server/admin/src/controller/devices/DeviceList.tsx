import { Box, type Theme, Typography } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import {
  ColumnsButton,
  CreateButton,
  DataTable,
  DateTimeInput,
  FilterButton,
  FunctionField,
  List,
  NullableBooleanInput,
  Pagination,
  ReferenceField,
  SearchInput,
  SelectInput,
  SimpleList,
  TopToolbar,
} from 'react-admin';
import type { Device } from '../types';
import { ExportButton } from '../../lists/ExportButton';
import { Moment } from '../../design/Moment';
import { backendLabel, backends } from '../backends';
import type { Column } from '../../lists/csv';
import { RecordLink } from '../../lists/RecordLink';
import { OrganizationInput, TemplateFilterInput } from '../../tenancy/references';
import { statusOf } from './status';
import { StatusChip } from './StatusChip';
import { BulkDeviceActions } from './BulkActions';

const statuses = ['modified', 'applied', 'error', 'deactivating', 'deactivated'].map((id) => ({ id, name: id }));

const filters = [
  <SearchInput key="q" source="q" alwaysOn placeholder="Name, MAC, key, model…" />,
  <SelectInput key="status" source="config__status" choices={statuses} alwaysOn />,
  <OrganizationInput key="organization" source="organization" filter />,
  <SelectInput key="backend" source="config__backend" choices={backends} />,
  <TemplateFilterInput key="template" source="config__templates" />,
  <NullableBooleanInput key="configured" source="has_config" />,
  <DateTimeInput key="from" source="created__gte" />,
  <DateTimeInput key="to" source="created__lt" />,
];

const exported: Column<Device>[] = [
  { title: 'name', of: ({ name }) => name },
  { title: 'mac_address', of: ({ mac_address }) => mac_address },
  { title: 'organization', of: ({ organization }, nameOf) => nameOf(organization) },
  { title: 'model', of: ({ model }) => model },
  { title: 'os', of: ({ os }) => os },
  { title: 'system', of: ({ system }) => system },
  { title: 'notes', of: ({ notes }) => notes },
  { title: 'last_ip', of: ({ last_ip }) => last_ip },
  { title: 'management_ip', of: ({ management_ip }) => management_ip },
  { title: 'config_status', of: statusOf },
  { title: 'config_backend', of: ({ config }) => config?.backend },
  { title: 'created', of: ({ created }) => created },
  { title: 'modified', of: ({ modified }) => modified },
  { title: 'id', of: ({ id }) => id },
  { title: 'organization_id', of: ({ organization }) => organization },
];

function Actions() {
  return (
    <TopToolbar>
      <FilterButton />
      <ColumnsButton />
      <ExportButton<Device> name="devices" columns={exported} names={{ resource: 'organizations', ids: ({ organization }) => [organization] }} />
      <CreateButton />
    </TopToolbar>
  );
}

/** The list of devices. */
export default function DeviceList() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
  return (
    <List
      filters={filters}
      actions={<Actions />}
      sort={{ field: 'created', order: 'DESC' }}
      perPage={25}
      pagination={<Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
    >
      {narrow ? (
        <SimpleList<Device>
          primaryText={(device) => (
            <Box sx={{ display: 'flex', justifyContent: 'space-between', gap: 1 }}>
              <Typography component="span" noWrap sx={{ fontWeight: 600 }}>
                {device.name}
              </Typography>
              <StatusChip status={statusOf(device)} title={device.config?.error_reason} />
            </Box>
          )}
          secondaryText={(device) => `${device.mac_address} · ${device.management_ip ?? device.last_ip ?? 'no address yet'}`}
          rowClick="edit"
        />
      ) : (
        <DataTable rowClick="edit" bulkActionButtons={<BulkDeviceActions />} hiddenColumns={['config.backend', 'model', 'os']}>
          <DataTable.Col source="name" sx={{ minWidth: 120 }} field={RecordLink} />
          <DataTable.Col source="organization" disableSort>
            <ReferenceField source="organization" reference="organizations" link={false} />
          </DataTable.Col>
          <DataTable.Col label="Status" source="config__status">
            <FunctionField<Device>
              render={(device) => <StatusChip status={statusOf(device)} title={device.config?.error_reason} />}
            />
          </DataTable.Col>
          <DataTable.Col source="mac_address" sx={{ fontFamily: 'monospace' }} />
          <DataTable.Col
            label="IP"
            source="management_ip"
            render={(device: Device) => device.management_ip ?? device.last_ip ?? '–'}
          />
          <DataTable.Col source="model" />
          <DataTable.Col source="os" />
          <DataTable.Col source="config.backend" label="Backend" disableSort render={(device: Device) => backendLabel(device.config?.backend)} />
          <DataTable.Col source="created" render={(record: Device) => <Moment at={record.created} />} />
          <DataTable.Col source="modified" render={(record: Device) => <Moment at={record.modified} />} />
        </DataTable>
      )}
    </List>
  );
}
