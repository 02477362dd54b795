// The list of login pages.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { LoginPage } from './types';

const columns: Column<LoginPage>[] = [
  { id: 'variant', label: 'Variant', sort: 'variant', fixed: true, width: '26%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'organization', label: 'Organization', width: '30%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'disabled', label: 'Shown', width: 120, cell: ({ disabled }) => (disabled ? 'No' : 'Yes') },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export default function LoginPageList() {
  const say = useText();
  return (
    <ListPage<LoginPage>
      title="Login pages"
      what="login pages"
      columns={columns}
      sort={{ field: 'variant', order: 'ASC' }}
      placeholder="Variant"
      filters={[{ ...organizationFilter, shown: true }]}
      add="Add login page"
      bulk={<BulkDelete one="login page" many="login pages" loss="The organization has the standard page again." />}
      empty={<Empty title="No login pages yet">{say('Every organization has a page of its own at its slug. Add one here to change colours, texts and the captive portal it opens.')}</Empty>}
    />
  );
}
