// Every location.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Location } from './types';

const columns: Column<Location>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '28%', phone: 'title', cell: (location) => <RecordLink record={location} /> },
  { id: 'address', label: 'Address', sort: 'address', phone: 'address', cell: ({ address }) => address },
  { id: 'type', label: 'Type', sort: 'type', width: 140, phone: 'status', cell: ({ type, is_mobile, is_estimated }) => [type, is_mobile && 'mobile', is_estimated && 'estimated'].filter(Boolean).join(', ') },
  { id: 'organization', label: 'Organization', width: '16%', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function LocationList() {
  const say = useText();
  return (
    <ListPage<Location>
      title="Locations"
      what="locations"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name or address"
      filters={[
        { ...organizationFilter, shown: true },
        { source: 'type', label: 'Type', kind: 'choice', shown: true, choices: [{ id: 'outdoor', name: 'outdoor' }, { id: 'indoor', name: 'indoor' }] },
        { source: 'is_mobile', label: 'It moves', kind: 'yesno' },
        { source: 'used', label: 'Has devices', kind: 'yesno' },
      ]}
      add="Add a location"
      bulk={<BulkDelete one="location" many="locations" loss="Their floor plans go too; devices stay, and are nowhere then." />}
      nameOf={({ name }) => name}
      empty={<Empty title="No locations yet">{say('A location is a place where devices are: a street, a building, a bus.')}</Empty>}
    />
  );
}
