// Who changed what, newest first.
import { Box, Chip, Link as MuiLink, type Theme, Typography } from '@mui/material';
import useMediaQuery from '@mui/material/useMediaQuery';
import { Fragment } from 'react';
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
  useCreatePath,
  useExpanded,
  useGetManyAggregate,
  useRecordContext,
} from 'react-admin';
import { Link } from 'react-router-dom';
import type { AuditEvent } from './types';
import { Moment } from '../design/Moment';
import { OrganizationInput } from '../tenancy/references';
import { useFrame } from '../app/ConcernsContext';
import { fieldName, idsIn, kindName, kindsOf, referenceOf, shown } from './trail';

const actions = ['add', 'change', 'delete'].map((id) => ({ id, name: id }));

function useKinds() {
  return kindsOf(useFrame().concerns);
}

function KindInput({ source }: { source: string; alwaysOn?: boolean }) {
  return <SelectInput source={source} choices={Object.entries(useKinds()).map(([id, { name }]) => ({ id, name }))} />;
}

const filters = [
  <SelectInput key="action" source="action" choices={actions} alwaysOn />,
  <KindInput key="kind" source="kind" alwaysOn />,
  <TextInput key="object" source="object_id" label="UUID of the object" sx={{ minWidth: 320 }} />,
  <OrganizationInput key="organization" source="organization" filter />,
  <DateTimeInput key="from" source="created__gte" />,
  <DateTimeInput key="to" source="created__lt" />,
];

/** The names of the objects with some ids; an object that is gone is named by its id. */
function Names({ resource, ids }: { resource: string; ids: string[] }) {
  const { data = [] } = useGetManyAggregate(resource, { ids });
  const nameOf = (id: string) => {
    const found = data.find((record) => String(record?.id) === id);
    return found?.name ?? found?.username ?? id;
  };
  return <>{ids.length === 0 ? '–' : ids.map(nameOf).join(', ')}</>;
}

function Value({ field, value }: { field: string; value: unknown }) {
  const { concerns } = useFrame();
  const resource = referenceOf(Object.assign({}, ...concerns.map(({ references }) => references)), field);
  return resource ? <Names resource={resource} ids={idsIn(value)} /> : <>{shown(value)}</>;
}

/** The fields an event changed, old and new; secrets come as stars. */
function Changes() {
  const event = useRecordContext<AuditEvent>();
  if (!event) return null;
  const cell = { fontFamily: 'monospace', fontSize: 12.5, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' } as const;
  const change = event.action === 'change';
  return (
    <Box sx={{ p: 1, minWidth: 0 }}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {[new Date(event.created).toLocaleString(), event.method && `by ${event.method}`, event.address && `from ${event.address}`]
          .filter(Boolean)
          .join(', ')}
      </Typography>
      {event.fields.length === 0 && <Typography color="text.secondary">No fields were recorded.</Typography>}
      <Box
        sx={{
          display: 'grid',
          gridTemplateColumns: { xs: 'minmax(0,1fr)', sm: `max-content repeat(${change ? 2 : 1}, minmax(0,1fr))` },
          columnGap: 2,
          rowGap: 0.5,
        }}
      >
        {event.fields.map(({ field, old, new: now }) => (
          <Fragment key={field}>
            <Typography variant="body2" color="text.secondary">
              {fieldName(field)}
            </Typography>
            {event.action !== 'add' && (
              <Box sx={{ ...cell, textDecoration: change ? 'line-through' : undefined, opacity: 0.75 }}>
                <Value field={field} value={old} />
              </Box>
            )}
            {event.action !== 'delete' && (
              <Box sx={cell}>
                <Value field={field} value={now} />
              </Box>
            )}
          </Fragment>
        ))}
      </Box>
    </Box>
  );
}

/** What was changed, as a link to its page while there is one. */
function Subject() {
  const event = useRecordContext<AuditEvent>();
  const createPath = useCreatePath();
  const kinds = useKinds();
  if (!event) return null;
  const resource = kinds[event.kind]?.resource;
  if (!event.label) {
    // a membership has no name of its own
    const user = event.fields.find(({ field }) => field === 'UserID');
    const ids = user ? idsIn(user.new ?? user.old) : [];
    return ids.length > 0 ? <Names resource="users" ids={ids} /> : <>–</>;
  }
  if (!resource || event.action === 'delete') return <>{event.label}</>;
  return (
    <MuiLink
      component={Link}
      to={createPath({ resource, id: event.object_id, type: 'edit' })}
      onClick={(click: React.MouseEvent) => click.stopPropagation()}
      color="inherit"
      sx={{ overflowWrap: 'anywhere' }}
    >
      {event.label}
    </MuiLink>
  );
}

function Kind() {
  const event = useRecordContext<AuditEvent>();
  const kinds = useKinds();
  return <>{kindName(kinds, event?.kind ?? '')}</>;
}

/** When it was, as the button that unfolds the row: the table's own is for the mouse alone. */
function When({ exact = false }: { exact?: boolean }) {
  const event = useRecordContext<AuditEvent>();
  const [expanded, toggle] = useExpanded('events', event?.id ?? '');
  return (
    <MuiLink
      component="button"
      type="button"
      variant="inherit"
      color="inherit"
      underline="hover"
      aria-expanded={expanded}
      onClick={(click: React.MouseEvent) => {
        click.stopPropagation();
        toggle();
      }}
    >
      <Moment at={event?.created} exact={exact} />
    </MuiLink>
  );
}

function ExactWhen() {
  return <When exact />;
}

/** A whole row in two lines, for narrow screens. */
function Summary() {
  const event = useRecordContext<AuditEvent>();
  const kinds = useKinds();
  if (!event) return null;
  return (
    <Box sx={{ overflowWrap: 'anywhere' }}>
      <Subject />
      <Typography variant="body2" color="text.secondary">
        {kindName(kinds, event.kind)}: {event.action} by {event.actor}, <When />
      </Typography>
    </Box>
  );
}

// a list of them, because the table counts its columns
const columns = [
  <DataTable.Col key="created" source="created" disableSort field={ExactWhen} />,
  <DataTable.Col key="actor" source="actor" disableSort />,
  <DataTable.Col key="action" source="action" disableSort render={(event: AuditEvent) => <Chip size="small" variant="outlined" label={event.action} />} />,
  <DataTable.Col key="label" source="label" disableSort field={Subject} />,
  <DataTable.Col key="kind" source="kind" disableSort field={Kind} />,
  <DataTable.Col key="organization" source="organization" disableSort>
    <ReferenceField source="organization" reference="organizations" link={false} emptyText="–" />
  </DataTable.Col>,
  <DataTable.Col key="cause" source="cause" disableSort />,
];

/** The audit trail. A row unfolds into what it changed. */
export default function EventList() {
  const narrow = useMediaQuery<Theme>((theme) => theme.breakpoints.down('md'));
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
        {narrow ? <DataTable.Col source="label" disableSort field={Summary} /> : columns}
      </DataTable>
    </List>
  );
}
