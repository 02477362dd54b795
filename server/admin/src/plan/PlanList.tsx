// The list of plans.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { planLook } from './looks';
import type { Plan } from './types';

const columns: Column<Plan>[] = [
  { id: 'name', label: 'Name', sort: 'name', width: '32%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} title="name" /> },
  { id: 'status', label: 'Status', sort: 'status', width: 160, fixed: true, phone: 'status', cell: ({ status }) => <Status {...planLook(status)} /> },
  { id: 'changes', label: 'Changes', right: true, width: 100, cell: ({ changes }) => changes.length.toLocaleString() },
  { id: 'devices', label: 'Devices', right: true, width: 100, phone: 'address', cell: ({ computed, changed }) => (computed ? changed.toLocaleString() : '–') },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="all of them" /> },
  { id: 'actor', label: 'By', width: 140, cell: ({ actor }) => actor },
  { id: 'created', label: 'Made', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

const statuses: Plan['status'][] = ['draft', 'computing', 'planned', 'applying', 'applied', 'rolled_back'];

/** The page. */
export default function PlanList() {
  const say = useText();
  return (
    <ListPage<Plan>
      title="Plans"
      what="plans"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name or notes"
      filters={[
        { source: 'status', label: 'Status', kind: 'choice', shown: true, choices: statuses.map((id) => ({ id, name: planLook(id).word })) },
        { ...organizationFilter, shown: true },
      ]}
      add="Make a plan"
      empty={<Empty title="No plans yet">{say('A plan says what changes of templates, groups and variables would do to each device before they do it, and carries them out in waves.')}</Empty>}
    />
  );
}
