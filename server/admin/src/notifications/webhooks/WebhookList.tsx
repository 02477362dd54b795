// Where organizations are told of events.
import { Webhook as WebhookIcon } from 'lucide-react';
import { Button } from '@mui/material';
import { Link } from 'react-router-dom';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { Status } from '../../design/Status';
import { useText } from '../../design/useText';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import type { Filter } from '../../lists/filters';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import { Reference } from '../../lists/Reference';
import { organizationFilter } from '../../tenancy/filters';
import { formatOf, formats, standing, subscribed } from './formats';
import type { Webhook } from './types';
import { useEvents } from './useEvents';

const filters: Filter[] = [
  { source: 'format', label: 'Format', kind: 'choice', shown: true, choices: formats.map(({ id, name }) => ({ id, name })) },
  { ...organizationFilter, shown: true },
  { source: 'enabled', label: 'On', kind: 'yesno' },
];

function Events({ names }: { names: string[] }) {
  const { data = [] } = useEvents();
  return <span title={names.includes('*') ? undefined : names.join(', ')}>{subscribed(names, data)}</span>;
}

const columns: Column<Webhook>[] = [
  { id: 'name', label: 'Name', sort: 'name', width: '20%', fixed: true, phone: 'title', cell: (webhook) => <RecordLink record={webhook} /> },
  { id: 'status', label: 'Status', width: 120, fixed: true, phone: 'status', cell: (webhook) => <Status {...standing(webhook)} /> },
  { id: 'reason', label: 'Reason', phone: 'note', cell: ({ pause_reason: reason }) => <span className="w-secondary" title={reason ?? undefined}>{reason}</span> },
  { id: 'format', label: 'Format', width: 140, phone: 'aside', cell: ({ format }) => formatOf(format).name },
  { id: 'url', label: 'Address', width: '20%', cell: ({ url }) => <span className="w-mono" title={url}>{url}</span> },
  { id: 'events', label: 'Events', width: 160, phone: 'address', cell: ({ events }) => <Events names={events} /> },
  { id: 'organization', label: 'Organization', width: '13%', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="all of them" /> },
  { id: 'created', label: 'Added', sort: 'created', right: true, width: 110, hidden: true, cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function WebhookList() {
  const say = useText();
  return (
    <ListPage<Webhook>
      title="Webhooks"
      what="webhooks"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name"
      filters={filters}
      add="Add webhook"
      bulk={<BulkDelete one="webhook" many="webhooks" loss="Nothing is sent to them any more, and their log is deleted." />}
      empty={
        <Empty
          title="No webhooks yet"
          action={
            <Button variant="contained" component={Link} to="/webhooks/create" startIcon={<WebhookIcon size={16} />}>
              {say('Add webhook')}
            </Button>
          }
        >
          {say('A webhook tells a program or a chat of what happens: devices that register, configurations that fail, people who are added.')}
        </Empty>
      }
    />
  );
}
