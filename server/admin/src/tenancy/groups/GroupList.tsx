// The list of groups: what roles their members have.
import { Empty } from '../../design/states';
import { useText } from '../../design/useText';
import type { Column } from '../../lists/columns';
import { ListPage } from '../../lists/ListPage';
import { RecordLink } from '../../lists/RecordLink';
import type { Group } from '../types';

const columns: Column<Group>[] = [
  { id: 'name', label: 'Name', fixed: true, phone: 'title', cell: (group) => <RecordLink record={group} /> },
  { id: 'permissions', label: 'Permissions', right: true, width: 140, phone: 'aside', cell: ({ permissions }) => permissions.length.toLocaleString() },
];

/** The page. */
export default function GroupList() {
  const say = useText();
  return (
    <ListPage<Group>
      title="Groups"
      what="groups"
      columns={columns}
      sort={{ field: 'name', order: 'ASC' }}
      add="Create group"
      empty={<Empty title="No groups yet">{say('A group says what its members may do.')}</Empty>}
    />
  );
}
