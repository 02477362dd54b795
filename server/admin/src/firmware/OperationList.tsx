// The history of upgrades.
import { Link } from 'react-router-dom';
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import { operationLook } from './looks';
import type { Operation } from './types';

const last = (log: string) => log.split('\n').filter((line) => line.trim() !== '').at(-1) ?? '';

const columns: Column<Operation>[] = [
  {
    id: 'device', label: 'Device', width: '24%', fixed: true, phone: 'title',
    cell: ({ id, device }) => (
      <Link className="w-name" to={`/upgradeoperations/${id}`}>
        <Reference resource="devices" id={device} />
      </Link>
    ),
  },
  { id: 'status', label: 'Status', width: 170, fixed: true, phone: 'status', cell: (row) => <Status {...operationLook(row)} /> },
  { id: 'progress', label: 'Done', right: true, width: 80, cell: ({ progress }) => `${progress} %` },
  { id: 'last', label: 'Last line', phone: 'note', cell: ({ log }) => last(log) },
  { id: 'batch', label: 'Of', width: 130, cell: ({ batch }) => (batch ? <Link className="w-link" to={`/massupgrades/${batch}`}><Say text="mass upgrade" /></Link> : <span className="w-muted"><Say text="single" /></span>) },
  { id: 'created', label: 'Begun', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created ?? null} /> },
];

/** The page. */
export default function OperationList() {
  const say = useText();
  return (
    <ListPage<Operation>
      title="Upgrades"
      what="upgrades"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      filters={[
        {
          source: 'status', label: 'Status', kind: 'choice', shown: true,
          choices: (['in-progress', 'pending', 'success', 'failed', 'aborted', 'cancelled'] as const).map((id) => ({ id, name: operationLook({ status: id, waiting: false }).word })),
        },
        { ...organizationFilter, source: 'device__organization', shown: true },
      ]}
      empty={<Empty title="No upgrades yet">{say('Each upgrade of a device stands here: a single one from its page, or one of a mass upgrade.')}</Empty>}
    />
  );
}
