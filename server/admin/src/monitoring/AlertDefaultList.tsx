// Thresholds of organizations and groups: what holds for devices that chose nothing of their own.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter, referenceFilter } from '../tenancy/filters';
import { type AlertDefault, minutesInWords } from './healthTypes';

/** What was chosen, in words. */
export function choiceInWords({ operator, threshold, tolerance, is_active }: Pick<AlertDefault, 'operator' | 'threshold' | 'tolerance' | 'is_active'>): string {
  const words = [];
  if (operator || threshold !== null) words.push(`not well when ${operator === '>' ? 'more than' : operator === '<' ? 'less than' : 'beyond'} ${threshold ?? 'the inherited threshold'}`);
  if (tolerance !== null) words.push(`people are told after ${minutesInWords(tolerance)}`);
  if (is_active !== null) words.push(is_active ? 'people are told' : 'nobody is told');
  return words.join(', ') || 'as inherited';
}

const columns: Column<AlertDefault>[] = [
  { id: 'label', label: 'Metric', fixed: true, width: '18%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'address', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'group', label: 'Group', width: '16%', phone: 'status', cell: ({ group }) => (group ? <Reference resource="devicegroups" id={group} /> : 'all devices') },
  { id: 'choice', label: 'Choice', phone: 'note', cell: (row) => choiceInWords(row) },
  { id: 'modified', label: 'Changed', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function AlertDefaultList() {
  const say = useText();
  return (
    <ListPage<AlertDefault>
      title="Thresholds"
      what="thresholds"
      columns={columns}
      sort={{ field: 'configuration', order: 'ASC' }}
      filters={[{ ...organizationFilter, shown: true }, referenceFilter('group', 'Group', 'devicegroups')]}
      add="Add a threshold"
      bulk={<BulkDelete one="threshold" many="thresholds" loss="Their devices have the thresholds of the organization, or of the metric, then." />}
      nameOf={({ label }) => label}
      empty={<Empty title="No thresholds of your own yet">{say('Every metric has a threshold of its kind. Here an organization or a group of devices gets another one; a device may still choose its own.')}</Empty>}
    />
  );
}
