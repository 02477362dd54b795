// Who changed what, newest first.
import { Box, Chip, Typography } from '@mui/material';
import {
  DataTable,
  DateTimeInput,
  FilterButton,
  List,
  Pagination,
  ReferenceField,
  SelectInput,
  TextInput,
  TopToolbar,
  useRecordContext,
} from 'react-admin';
import type { AuditEvent } from '../api/types';
import { Moment } from '../app/Moment';
import { OrganizationInput } from '../app/references';

const actions = ['add', 'change', 'delete'].map((id) => ({ id, name: id }));

const filters = [
  <SelectInput key="action" source="action" choices={actions} alwaysOn />,
  <TextInput key="object" source="object_id" alwaysOn sx={{ minWidth: 240 }} />,
  <TextInput key="kind" source="kind" helperText="For example config.device" />,
  <OrganizationInput key="organization" source="organization" filter />,
  <DateTimeInput key="from" source="created__gte" />,
  <DateTimeInput key="to" source="created__lt" />,
];

function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The fields an event changed, old and new; secrets come as stars. */
function Changes() {
  const event = useRecordContext<AuditEvent>();
  if (!event) return null;
  if (event.fields.length === 0) return <Typography color="text.secondary">No fields were recorded.</Typography>;
  const cell = { fontFamily: 'monospace', fontSize: 12.5, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' } as const;
  return (
    <Box sx={{ display: 'grid', gridTemplateColumns: 'max-content minmax(0,1fr) minmax(0,1fr)', columnGap: 2, rowGap: 0.5, p: 1 }}>
      {event.fields.map((change) => (
        <Box key={change.field} sx={{ display: 'contents' }}>
          <Typography variant="body2" color="text.secondary">
            {change.field}
          </Typography>
          <Box sx={{ ...cell, textDecoration: event.action === 'change' ? 'line-through' : undefined, opacity: 0.75 }}>{shown(change.old)}</Box>
          <Box sx={cell}>{shown(change.new)}</Box>
        </Box>
      ))}
    </Box>
  );
}

/** The audit trail. A row unfolds into what it changed. */
export default function EventList() {
  return (
    <List
      title="Audit trail"
      filters={filters}
      actions={
        <TopToolbar>
          <FilterButton />
        </TopToolbar>
      }
      sort={{ field: 'created', order: 'DESC' }}
      perPage={25}
      pagination={<Pagination rowsPerPageOptions={[10, 25, 50, 100]} />}
      exporter={false}
    >
      <DataTable bulkActionButtons={false} rowClick="expand" expand={<Changes />}>
        <DataTable.Col source="created" disableSort render={(event: AuditEvent) => <Moment at={event.created} />} />
        <DataTable.Col source="actor" disableSort />
        <DataTable.Col source="action" disableSort render={(event: AuditEvent) => <Chip size="small" variant="outlined" label={event.action} />} />
        <DataTable.Col source="label" disableSort render={(event: AuditEvent) => event.label || event.object_id} />
        <DataTable.Col source="kind" disableSort />
        <DataTable.Col source="organization" disableSort>
          <ReferenceField source="organization" reference="organizations" link={false} emptyText="–" />
        </DataTable.Col>
        <DataTable.Col source="cause" disableSort />
      </DataTable>
    </List>
  );
}
