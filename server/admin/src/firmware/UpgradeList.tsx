// The list of mass upgrades.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { batchLook } from './looks';
import type { Batch } from './types';

const columns: Column<Batch>[] = [
  {
    id: 'build', label: 'To', width: '28%', fixed: true, phone: 'title',
    cell: ({ id, build }) => (
      <Link className="w-name" to={`/massupgrades/${id}`}>
        {build.category_relation.name} {build.version}
      </Link>
    ),
  },
  { id: 'status', label: 'Status', width: 150, fixed: true, phone: 'status', cell: ({ status }) => <Status {...batchLook(status)} /> },
  { id: 'devices', label: 'Devices', right: true, width: 100, phone: 'address', cell: ({ counts: { total } }) => total.toLocaleString() },
  { id: 'success', label: 'Upgraded', right: true, width: 110, cell: ({ counts: { success } }) => success.toLocaleString() },
  { id: 'failed', label: 'Failed', right: true, width: 90, cell: ({ counts: { failed, aborted } }) => (failed + aborted).toLocaleString() },
  { id: 'organization', label: 'Organization', width: '16%', phone: 'note', cell: ({ build }) => <Reference resource="organizations" id={build.category_relation.organization} none="all of them" /> },
  { id: 'actor', label: 'By', width: 120, cell: ({ actor }) => actor },
  { id: 'created', label: 'Begun', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function UpgradeList() {
  const say = useText();
  return (
    <ListPage<Batch>
      title="Mass upgrades"
      what="mass upgrades"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      filters={[
        { source: 'status', label: 'Status', kind: 'choice', shown: true, choices: (['scheduled', 'in-progress', 'success', 'failed', 'cancelled'] as const).map((id) => ({ id, name: batchLook(id).word })) },
        { ...organizationFilter, source: 'organization_id', shown: true },
      ]}
      empty={<Empty title="No mass upgrades yet">{say('One build for many devices, in waves: begin it on the page of a build.')}</Empty>}
    />
  );
}
