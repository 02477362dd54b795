// Every recorded address.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import type { Column as Exported } from '../lists/csv';
import { ExportButton } from '../lists/ExportButton';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Address } from './types';

const columns: Column<Address>[] = [
  { id: 'ip_address', label: 'Address', sort: 'ip_address', fixed: true, width: '28%', phone: 'title', cell: (address) => <RecordLink record={address} title="ip_address" /> },
  { id: 'description', label: 'Description', sort: 'description', phone: 'address', cell: ({ description }) => description },
  { id: 'subnet', label: 'Subnet', width: '22%', phone: 'status', cell: ({ subnet }) => <span className="w-mono"><Reference resource="subnets" id={subnet} title="subnet" /></span> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

const exported: Exported<Address>[] = (['ip_address', 'description', 'subnet', 'created', 'modified', 'id'] as const).map((title) => ({ title, of: (address) => address[title] }));

/** The page. */
export default function AddressList() {
  const say = useText();
  return (
    <ListPage<Address>
      title="Addresses"
      what="addresses"
      columns={columns}
      sort={{ field: 'ip_address', order: 'ASC' }}
      placeholder="Address, network, description"
      filters={[{ ...organizationFilter, shown: true }, { source: 'generated', label: 'Of networks of devices', kind: 'choice', choices: [{ id: 'all', name: 'too' }, { id: 'true', name: 'only' }, { id: 'false', name: 'no' }] }]}
      actions={<ExportButton<Address> name="addresses" columns={exported} />}
      bulk={<BulkDelete one="address" many="addresses" loss="Others may be given them then." />}
      nameOf={({ ip_address }) => ip_address}
      empty={<Empty title="No addresses yet">{say('Addresses are recorded on the page of their subnet.')}</Empty>}
    />
  );
}
