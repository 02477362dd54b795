// The metrics that organizations declare.
import { Moment } from '../design/Moment';
import { Status } from '../design/Status';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { CustomMetric } from './types';
import { ruleOf } from './values';

const columns: Column<CustomMetric>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '22%', phone: 'title', cell: (metric) => <RecordLink record={metric} title="name" /> },
  { id: 'status', label: 'Status', phone: 'status', width: 130, cell: ({ is_active }) => <Status status={is_active ? 'ok' : 'off'} word={is_active ? 'Measured' : 'Switched off'} /> },
  { id: 'path', label: 'In the document', phone: 'note', cell: ({ path }) => <code>{path}</code> },
  { id: 'rule', label: 'Not well', cell: (metric) => ruleOf(metric) },
  { id: 'organization', label: 'Organization', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function CustomMetricList() {
  const say = useText();
  return (
    <ListPage<CustomMetric>
      title="Custom metrics"
      what="metrics"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name, key"
      filters={[{ ...organizationFilter, shown: true }, { source: 'is_active', label: 'Measured', kind: 'yesno' }]}
      add="Declare metric"
      bulk={<BulkDelete one="metric" many="metrics" loss="Their charts and thresholds go with them; what was measured stays in the time series." />}
      nameOf={({ name }) => name}
      empty={<Empty title="No custom metrics yet">{say('A number that devices tell in their documents becomes a chart with a threshold, such as the temperature of a radio.')}</Empty>}
    />
  );
}
