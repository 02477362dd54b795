// The list of categories.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { Category } from './types';

const columns: Column<Category>[] = [
  { id: 'name', label: 'Name', sort: 'name', width: '30%', fixed: true, phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'organization', label: 'Organization', width: '22%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="shared by all" /> },
  { id: 'description', label: 'Description', cell: ({ description }) => description },
  { id: 'created', label: 'Added', sort: 'created', right: true, width: 120, phone: 'aside', cell: ({ created }) => <Moment at={created} /> },
];

/** The page. */
export default function CategoryList() {
  const say = useText();
  return (
    <ListPage<Category>
      title="Firmware categories"
      what="firmware categories"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      placeholder="Name"
      filters={[{ ...organizationFilter, source: 'organization_id', shown: true }]}
      add="Add category"
      bulk={<BulkDelete one="category" many="categories" loss="Their builds and images are deleted too." />}
      empty={<Empty title="No categories yet">{say('A category holds the builds of one purpose. Devices keep to the category of what they run.')}</Empty>}
    />
  );
}
