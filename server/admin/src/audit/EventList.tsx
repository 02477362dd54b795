// Who changed what, newest first.
import { Box, Typography } from '@mui/material';
import { Fragment } from 'react';
import { useCreatePath, useGetManyAggregate } from 'react-admin';
import { Link } from 'react-router-dom';
import { useFrame } from '../app/ConcernsContext';
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { changedNames, fieldName, idsIn, kindName, kindsOf, referenceOf, shown, verbs } from './trail';
import type { AuditEvent } from './types';

function useKinds() {
  return kindsOf(useFrame().concerns);
}

const filters: Filter[] = [
  { source: 'action', label: 'Did', kind: 'choice', shown: true, choices: ['add', 'change', 'delete'].map((id) => ({ id, name: verbs[id] ?? id })) },
  {
    source: 'kind',
    label: 'Kind',
    kind: 'choice',
    shown: true,
    choices: (text) =>
      Object.entries(useKinds())
        .map(([id, { name }]) => ({ id, name }))
        .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase())),
    useName: (value) => useKinds()[String(value)]?.name,
  },
  organizationFilter,
  { source: 'object_id', label: 'Object', kind: 'text' },
  { source: 'created__gte', label: 'From', kind: 'time' },
  { source: 'created__lt', label: 'Before', kind: 'time' },
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
function Changes({ event }: { event: AuditEvent }) {
  const say = useText();
  const cell = { fontFamily: 'var(--w-mono)', fontSize: 12, overflowWrap: 'anywhere', whiteSpace: 'pre-wrap' } as const;
  const change = event.action === 'change';
  return (
    <Box sx={{ p: 1, minWidth: 0 }}>
      <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
        {[new Date(event.created).toLocaleString(), event.method && say('by %{method}', { method: event.method }), event.address && say('from %{address}', { address: event.address })]
          .filter(Boolean)
          .join(', ')}
      </Typography>
      {event.fields.length === 0 && <Typography color="text.secondary">{say('No fields were recorded.')}</Typography>}
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
function Subject({ event }: { event: AuditEvent }) {
  const say = useText();
  const createPath = useCreatePath();
  const kinds = useKinds();
  const resource = kinds[event.kind]?.resource;
  if (!event.label) {
    // a membership has no name of its own
    const user = event.fields.find(({ field }) => field === 'UserID');
    const ids = user ? idsIn(user.new ?? user.old) : [];
    return ids.length > 0 ? <Names resource="users" ids={ids} /> : <span className="w-muted">{say('no name')}</span>;
  }
  if (!resource || event.action === 'delete') return <>{event.label}</>;
  return (
    <Link className="w-name" to={createPath({ resource, id: event.object_id, type: 'edit' })}>
      {event.label}
    </Link>
  );
}

function Kind({ event }: { event: AuditEvent }) {
  return <Say text={kindName(useKinds(), event.kind)} />;
}

/** What was done, and to which fields: seen without unfolding. */
function Did({ event }: { event: AuditEvent }) {
  const say = useText();
  const names = event.action === 'change' ? changedNames(event.fields) : '';
  return (
    <span title={names}>
      {say(verbs[event.action] ?? event.action)} <span className="w-secondary">{names}</span>
    </span>
  );
}

const columns: Column<AuditEvent>[] = [
  { id: 'created', label: 'When', width: 120, fixed: true, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
  { id: 'actor', label: 'Who', width: '12%', phone: 'status', cell: ({ actor }) => actor || <span className="w-muted"><Say text="the server" /></span> },
  { id: 'label', label: 'What', width: '20%', fixed: true, phone: 'title', cell: (event) => <Subject event={event} /> },
  { id: 'kind', label: 'Kind', width: 150, phone: 'address', cell: (event) => <Kind event={event} /> },
  { id: 'action', label: 'Did', phone: 'note', cell: (event) => <Did event={event} /> },
  { id: 'organization', label: 'Organization', width: '14%', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'cause', label: 'Because of', hidden: true, cell: ({ cause }) => cause },
];

/** The audit trail. A row unfolds into what it changed. */
export default function EventList() {
  return (
    <ListPage<AuditEvent>
      title="Audit trail"
      what="changes"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      filters={filters}
      opens={false}
      detail={(event) => <Changes event={event} />}
      nameOf={({ label }) => label}
      empty={<Empty title="Nothing was changed yet" />}
    />
  );
}
