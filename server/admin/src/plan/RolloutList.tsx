// The list of rollouts.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { rolloutLook } from './looks';
import type { Rollout } from './types';

const columns: Column<Rollout>[] = [
  { id: 'label', label: 'What', sort: 'label', width: '28%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} title="label" /> },
  { id: 'status', label: 'Status', sort: 'status', width: 160, fixed: true, phone: 'status', cell: ({ status }) => <Status {...rolloutLook(status)} /> },
  { id: 'wave', label: 'Wave', right: true, width: 90, phone: 'address', cell: ({ wave, waves }) => `${wave + 1} of ${waves}` },
  { id: 'devices', label: 'Devices', right: true, width: 100, cell: ({ devices }) => devices.toLocaleString() },
  { id: 'reason', label: 'Why', width: '24%', cell: ({ reason }) => reason },
  { id: 'organization', label: 'Organization', width: '16%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="all of them" /> },
  { id: 'created', label: 'Begun', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

const statuses: Rollout['status'][] = ['running', 'paused', 'stopped', 'cancelling', 'rolling_back', 'done', 'cancelled', 'rolled_back'];

/** The page. */
export default function RolloutList() {
  const say = useText();
  return (
    <ListPage<Rollout>
      title="Rollouts"
      what="rollouts"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="What was rolled out"
      filters={[
        { source: 'status', label: 'Status', kind: 'choice', shown: true, choices: statuses.map((id) => ({ id, name: rolloutLook(id).word })) },
        { ...organizationFilter, shown: true },
      ]}
      empty={<Empty title="Nothing was rolled out yet">{say('A plan that is applied reaches its devices in waves, which are seen here.')}</Empty>}
    />
  );
}
