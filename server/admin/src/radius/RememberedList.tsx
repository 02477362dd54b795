// The list of devices that come in again by their address.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { RememberedDevice } from './types';

const columns: Column<RememberedDevice>[] = [
  { id: 'mac', label: 'Device', sort: 'mac', fixed: true, width: 190, phone: 'title', cell: ({ mac }) => <span className="w-mono">{mac}</span> },
  { id: 'user', label: 'User', width: '24%', phone: 'address', cell: ({ user }) => <Reference resource="users" id={user} none="unknown" /> },
  { id: 'organization', label: 'Organization', width: '20%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="unknown" /> },
  { id: 'until', label: 'Remembered until', sort: 'until', right: true, width: 150, phone: 'aside', cell: ({ until }) => <Moment at={until} /> },
  { id: 'created', label: 'First log-in', sort: 'created', right: true, width: 130, cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function RememberedList() {
  const say = useText();
  return (
    <ListPage<RememberedDevice>
      title="Remembered devices"
      what="devices"
      columns={columns}
      sort={{ field: 'until', order: 'DESC' }}
      placeholder="Address"
      filters={[{ ...organizationFilter, shown: true }]}
      nameOf={({ mac }) => mac}
      opens={false}
      empty={<Empty title="No devices yet">{say('Devices appear when their users log in, where an organization remembers devices.')}</Empty>}
    />
  );
}
