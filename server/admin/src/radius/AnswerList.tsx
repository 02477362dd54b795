// The log of what RADIUS servers answered.
import { Moment } from '../design/Moment';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import { ListPage } from '../lists/ListPage';
import { Reference } from '../lists/Reference';
import { organizationFilter } from '../tenancy/filters';
import type { PostAuth } from './types';

const columns: Column<PostAuth>[] = [
  { id: 'username', label: 'User', sort: 'username', fixed: true, width: '22%', phone: 'title', cell: ({ username }) => <span className="w-medium w-clip">{username}</span> },
  { id: 'reply', label: 'Answer', width: 130, phone: 'status', cell: ({ reply }) => (reply === 'Access-Accept' ? <Status status="ok" word="accepted" /> : <Status status="problem" word="refused" />) },
  { id: 'calling_station_id', label: 'Device', width: '18%', phone: 'address', cell: ({ calling_station_id }) => <span className="w-mono w-clip">{calling_station_id}</span> },
  { id: 'called_station_id', label: 'Access point', width: '20%', cell: ({ called_station_id }) => <span className="w-mono w-clip">{called_station_id}</span> },
  { id: 'organization', label: 'Organization', width: '16%', phone: 'note', cell: ({ organization }) => <Reference resource="organizations" id={organization} none="unknown" /> },
  { id: 'date', label: 'When', sort: 'date', right: true, width: 130, phone: 'aside', cell: ({ date }) => <Moment at={date} /> },
];

/** The page. */
export default function AnswerList() {
  const say = useText();
  return (
    <ListPage<PostAuth>
      title="Answers"
      what="answers"
      columns={columns}
      sort={{ field: 'date', order: 'DESC' }}
      placeholder="User, device or access point"
      filters={[
        { ...organizationFilter, shown: true },
        {
          source: 'reply',
          label: 'Answer',
          kind: 'choice',
          shown: true,
          choices: [
            { id: 'Access-Accept', name: 'accepted' },
            { id: 'Access-Reject', name: 'refused' },
          ],
        },
      ]}
      nameOf={({ username }) => username}
      opens={false}
      empty={<Empty title="No answers yet">{say('They appear when a RADIUS server tells what it answered.')}</Empty>}
    />
  );
}
