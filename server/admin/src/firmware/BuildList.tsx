// The list of builds.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter, referenceFilter } from '../tenancy/filters';
import type { Build } from './types';

const columns: Column<Build>[] = [
  { id: 'version', label: 'Version', sort: 'version', width: '20%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} title="version" /> },
  { id: 'category', label: 'Category', width: '24%', fixed: true, phone: 'address', cell: ({ category_relation: { name } }) => name },
  { id: 'os', label: 'OS identifier', width: '24%', cell: ({ os }) => os },
  { id: 'organization', label: 'Organization', width: '18%', phone: 'note', cell: ({ category_relation: { organization } }) => <Reference resource="organizations" id={organization} none="shared by all" /> },
  { id: 'created', label: 'Added', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function BuildList() {
  const say = useText();
  return (
    <ListPage<Build>
      title="Firmware builds"
      what="firmware builds"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Version or OS identifier"
      filters={[
        { ...referenceFilter('category', 'Category', 'firmwarecategories'), shown: true },
        { ...organizationFilter, source: 'organization_id', shown: true },
      ]}
      add="Add build"
      nameOf={({ version }) => version}
      bulk={<BulkDelete one="build" many="builds" loss="Their images and mass upgrades are deleted too." />}
      empty={<Empty title="No builds yet">{say('A build is a version of a category’s firmware, with an image for each type of hardware.')}</Empty>}
    />
  );
}
