// The list of checks, or of replies, of users.
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { useText } from '../design/useText';
import { BulkDelete } from '../lists/BulkDelete';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { RecordLink } from '../lists/RecordLink';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { AttributeKind } from './operations';
import type { UserAttribute } from './types';
import { isSecret, meaning } from './words';

/** What the pages say of each kind. */
export const userAttributes = {
  check: {
    title: 'Checks of users',
    what: 'checks',
    one: 'check',
    operators: [':=', '=', '==', '+=', '!=', '>', '>=', '<', '<=', '=~', '!~', '=*', '!*'],
    known: ['Cleartext-Password', 'NT-Password', 'SSHA-Password', 'SHA2-Password', 'MD5-Password', 'Simultaneous-Use', 'Expiration'],
    none: 'A check is what somebody shows to come in: a password of its own for this network, or one of its hashes.',
    loss: 'Anybody who comes in by one of them does not any more.',
  },
  reply: {
    title: 'Replies to users',
    what: 'replies',
    one: 'reply',
    operators: ['=', ':=', '+='],
    known: ['Session-Timeout', 'Idle-Timeout', 'Reply-Message', 'Class', 'Filter-Id', 'Tunnel-Private-Group-Id', 'WISPr-Bandwidth-Max-Down', 'WISPr-Bandwidth-Max-Up'],
    none: 'A reply tells access servers something of one user alone.',
    loss: 'Access servers are not told any more.',
  },
};

const columns: Column<UserAttribute>[] = [
  { id: 'username', label: 'User', sort: 'username', fixed: true, width: '22%', phone: 'title', cell: (row) => <RecordLink record={row} /> },
  { id: 'attribute', label: 'Attribute', sort: 'attribute', width: '22%', phone: 'address', cell: ({ attribute }) => attribute },
  { id: 'op', label: 'Op', width: 60, cell: ({ op }) => <span className="w-mono">{op}</span> },
  {
    id: 'value',
    label: 'Value',
    width: '22%',
    phone: 'note',
    cell: ({ attribute, value }) => (isSecret(attribute) ? <span className="w-muted"><Say text="hidden" /></span> : <span className="w-mono w-clip" title={meaning(attribute, value)}>{value}</span>),
  },
  { id: 'organization', label: 'Organization', width: '18%', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'modified', label: 'Changed', sort: 'modified', right: true, width: 120, phone: 'aside', cell: ({ modified }) => <Moment at={modified} /> },
];

/** The page. */
export function AttributeList({ kind }: { kind: AttributeKind }) {
  const say = useText();
  const { title, what, one, none, loss } = userAttributes[kind];
  return (
    <ListPage<UserAttribute>
      title={title}
      what={what}
      columns={columns}
      sort={{ field: 'username', order: 'ASC' }}
      placeholder="User or attribute"
      filters={[{ ...organizationFilter, shown: true }]}
      add={say('Add %{one}', { one })}
      bulk={<BulkDelete one={one} many={what} loss={loss} />}
      empty={<Empty title={say('No %{what} yet', { what })}>{none}</Empty>}
    />
  );
}
