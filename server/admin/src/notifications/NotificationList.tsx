// One's notifications as a list: filtered, and read or deleted by many.
import { Button } from '@mui/material';
import { CheckCheck, Settings2, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useDataProvider, useListContext, useNotify, useRefresh } from 'react-admin';
import { Link } from 'react-router-dom';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { attemptEach } from '../api/dataProvider';
import { Ask } from '../design/Ask';
import { Moment } from '../design/Moment';
import { Say } from '../design/Say';
import { Empty } from '../design/states';
import { Status } from '../design/Status';
import { useText } from '../design/useText';
import type { Column } from '../lists/columns';
import type { Filter } from '../lists/filters';
import { ListPage } from '../lists/ListPage';
import type { View } from '../lists/Views';
import { organizationFilter } from '../tenancy/filters';
import { keys } from './kind';
import { levels, lookOf } from './levels';
import { Message, plain } from './Message';
import type { NotificationProvider } from './operations';
import { typesOf } from './preferences/lines';
import type { Told } from './types';
import { useRead } from './useRead';
import { Words } from './Words';
import './notifications.css';

function useTypes() {
  const provider = useDataProvider<NotificationProvider>();
  const { data } = useQuery({ queryKey: ['notifications', 'types'], queryFn: () => provider.preferences(undefined, 1), staleTime: 300_000 });
  return typesOf(data?.results ?? []);
}

const filters: Filter[] = [
  { source: 'level', label: 'Level', kind: 'choice', shown: true, choices: Object.entries(levels).map(([id, { word }]) => ({ id, name: word })) },
  {
    source: 'type',
    label: 'Type',
    kind: 'choice',
    shown: true,
    choices: (text) => useTypes().filter(({ name }) => name.toLowerCase().includes(text.toLowerCase())),
    useName: (value) => useTypes().find(({ id }) => id === value)?.name,
  },
  { ...organizationFilter, shown: true },
  { source: 'timestamp__gte', label: 'From', kind: 'time' },
  { source: 'timestamp__lt', label: 'Before', kind: 'time' },
];

const views: View[] = [
  { name: 'All', filter: {} },
  { name: 'Unread', filter: { unread: true } },
  { name: 'Errors', filter: { level: 'error' } },
];

/** The words with their links; following one reads it. */
function What({ one }: { one: Told }) {
  const say = useText();
  const { read } = useRead();
  const [words, setWords] = useState(false);
  return (
    <span className={one.unread ? 'n-cell n-cell-unread' : 'n-cell'} title={plain(one.message)}>
      {/* biome-ignore lint/a11y/noStaticElementInteractions: the links inside are what is pressed */}
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: see above */}
      <span className="w-clip" onClick={(event) => (event.target as HTMLElement).closest('a') && void read(one)}>
        <Message html={one.message} />
      </span>
      {one.description && (
        <button
          type="button"
          className="w-link"
          onClick={() => {
            void read(one);
            setWords(true);
          }}
        >
          {say('More')}
        </button>
      )}
      {words && <Words one={one} onClose={() => setWords(false)} />}
    </span>
  );
}

const columns: Column<Told>[] = [
  { id: 'level', label: 'Level', width: 132, fixed: true, phone: 'status', cell: ({ level }) => <Status {...lookOf(level)} /> },
  { id: 'message', label: 'What', fixed: true, phone: 'title', cell: (one) => <What one={one} /> },
  { id: 'unread', label: 'Read', width: 96, phone: 'note', cell: ({ unread }) => (unread ? <b><Say text="unread" /></b> : <span className="w-muted"><Say text="read" /></span>) },
  { id: 'timestamp', label: 'When', width: 120, right: true, fixed: true, phone: 'address', cell: ({ timestamp }) => <Moment at={timestamp} /> },
];

function BulkActions() {
  const say = useText();
  const { selectedIds, data = [], onUnselectItems } = useListContext<Told>();
  const provider = useDataProvider<NotificationProvider>();
  const queries = useQueryClient();
  const notify = useNotify();
  const refresh = useRefresh();
  const [asked, setAsked] = useState(false);
  const [busy, setBusy] = useState(false);
  const count = selectedIds.length;
  const what = count === 1 ? say('1 notification') : say('%{count} notifications', { count: count.toLocaleString() });
  const run = async (done: string, work: (id: string) => Promise<unknown>) => {
    setBusy(true);
    const { failed } = await attemptEach(selectedIds.map(String), work);
    setBusy(false);
    setAsked(false);
    onUnselectItems();
    refresh();
    await queries.invalidateQueries({ queryKey: keys.all });
    if (failed.length > 0) notify(say('%{number} of %{count} refused: %{value}', { number: failed.length, count, value: failed[0]?.error instanceof Error ? failed[0].error.message : 'not known why' }), { type: 'error' });
    else notify(`${what} ${done}`, { type: 'success' });
  };
  return (
    <>
      <Button disabled={busy} startIcon={<CheckCheck size={16} />} onClick={() => void run('read', (id) => (data.find((one) => one.id === id)?.unread === false ? Promise.resolve() : provider.markRead(id)))}>
        {say('Mark as read')}
      </Button>
      <Button color="error" disabled={busy} startIcon={<Trash2 size={16} />} onClick={() => setAsked(true)}>
        {say('Delete…')}
      </Button>
      {asked && (
        <Ask title={say('Delete %{what}?', { what })} verb={say('Delete %{what}', { what })} keep={count === 1 ? 'Keep it' : 'Keep them'} dangerous count={count} busy={busy} onDo={() => void run('deleted', (id) => provider.delete('notifications', { id }))} onClose={() => setAsked(false)}>
          {say('Only you are told of them; nobody else loses them.')}
        </Ask>
      )}
    </>
  );
}

function Actions() {
  const say = useText();
  const { readAll } = useRead();
  const refresh = useRefresh();
  return (
    <>
      <Button variant="outlined" component={Link} to="/notifications/preferences" startIcon={<Settings2 size={16} />}>
        {say('Preferences')}
      </Button>
      <Button variant="outlined" startIcon={<CheckCheck size={16} />} onClick={() => void readAll().then(refresh)}>
        {say('Mark all as read')}
      </Button>
    </>
  );
}

/** The page. */
export default function NotificationList() {
  const say = useText();
  return (
    <ListPage<Told>
      title="Notifications"
      what="notifications"
      columns={columns}
      sort={{ field: 'timestamp', order: 'DESC' }}
      filters={filters}
      views={views}
      actions={<Actions />}
      bulk={<BulkActions />}
      opens={false}
      nameOf={({ message }) => plain(message)}
      empty={<Empty title="No notifications yet">{say('You are told here of devices that register and of configurations that fail.')}</Empty>}
    />
  );
}
