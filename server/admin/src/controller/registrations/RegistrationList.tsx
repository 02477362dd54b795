// Devices that registered and wait until somebody approves of them.
import { Button } from '@mui/material';
import { Check, X } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useListContext, useNotify, useRefresh } from 'react-admin';
import { Link } from 'react-router-dom';
import { attemptEach } from '../../api/dataProvider';
import { Ask, Names } from '../../design/Ask';
import { Moment } from '../../design/Moment';
import { Empty } from '../../design/states';
import { Status } from '../../design/Status';
import type { StatusName } from '../../design/tokens';
import { useText } from '../../design/useText';
import { BulkDelete } from '../../lists/BulkDelete';
import type { Column } from '../../lists/columns';
import { ListPage } from '../../lists/ListPage';
import { Reference } from '../../lists/Reference';
import { organizationFilter } from '../../tenancy/filters';
import { devicesOf } from '../devices/deletable';
import type { ControllerProvider } from '../operations';
import type { Registration } from '../types';

const looks: Record<Registration['state'], { status: StatusName; word: string }> = {
  waiting: { status: 'waiting', word: 'waits' },
  approved: { status: 'ok', word: 'approved' },
  refused: { status: 'off', word: 'refused' },
};

type Verb = 'approve' | 'refuse';

const words: Record<Verb, { verb: string; done: string; text: string }> = {
  approve: { verb: 'Approve', done: 'approved', text: 'They are let in when they ask next, within a minute or so, and get the templates of their organization.' },
  refuse: { verb: 'Refuse', done: 'refused', text: 'They are told so and give up.' },
};

function Decisions() {
  const say = useText();
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const [asked, setAsked] = useState<Verb>();
  if (!add.canAccess) return null;
  return (
    <>
      <Button color="inherit" startIcon={<Check size={16} />} onClick={() => setAsked('approve')}>
        {say('Approve…')}
      </Button>
      <Button color="inherit" startIcon={<X size={16} />} onClick={() => setAsked('refuse')}>
        {say('Refuse…')}
      </Button>
      <BulkDelete one="registration" many="registrations" loss="Devices that ask again wait again." />
      {asked && <Question verb={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

function Question({ verb, onClose }: { verb: Verb; onClose(): void }) {
  const { selectedIds, data, onUnselectItems } = useListContext<Registration>();
  const [ids] = useState(selectedIds.map(String));
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [busy, setBusy] = useState(false);
  const names = (data ?? []).filter(({ id }) => ids.includes(id)).map(({ name, mac_address }) => `${name}, ${mac_address}`);
  const run = async () => {
    setBusy(true);
    const { done, failed } = await attemptEach(ids, (id) => provider.decide(id, verb));
    onUnselectItems();
    refresh();
    const why = failed[0]?.error instanceof Error ? failed[0].error.message : '';
    notify(failed.length === 0 ? `${devicesOf(done.length)} ${words[verb].done}` : `${done.length} ${words[verb].done}, ${failed.length} not: ${why}`, { type: failed.length === 0 ? 'success' : 'error' });
    onClose();
  };
  return (
    <Ask title={`${words[verb].verb} ${devicesOf(ids.length)}?`} verb={`${words[verb].verb} ${devicesOf(ids.length)}`} keep="Let them wait" busy={busy} onDo={() => void run()} onClose={onClose}>
      <p style={{ margin: 0 }}>{words[verb].text}</p>
      <Names names={names} total={ids.length} />
    </Ask>
  );
}

const columns: Column<Registration>[] = [
  { id: 'name', label: 'Name', sort: 'name', fixed: true, width: '18%', phone: 'title', cell: ({ name }) => name },
  { id: 'state', label: 'State', width: 120, fixed: true, phone: 'status', cell: ({ state }) => <Status {...looks[state]} /> },
  { id: 'mac_address', label: 'MAC address', width: 150, phone: 'address', cell: ({ mac_address }) => <span className="w-mono">{mac_address}</span> },
  { id: 'model', label: 'Model', cell: ({ model }) => model },
  { id: 'organization', label: 'Organization', width: '15%', cell: ({ organization }) => <Reference resource="organizations" id={organization} /> },
  { id: 'last_ip', label: 'Address', width: 130, cell: ({ last_ip }) => <span className="w-mono">{last_ip}</span> },
  { id: 'actor', label: 'Decided by', hidden: true, cell: ({ actor }) => actor },
  { id: 'created', label: 'First asked', sort: 'created', right: true, width: 110, hidden: true, cell: ({ created }) => <Moment at={created} /> },
  { id: 'last_seen', label: 'Last asked', sort: 'last_seen', right: true, width: 110, phone: 'aside', cell: ({ last_seen }) => <Moment at={last_seen} /> },
];

/** The page. */
export default function RegistrationList() {
  const say = useText();
  return (
    <ListPage<Registration>
      title="Devices that wait"
      what="devices"
      columns={columns}
      sort={{ field: 'created', order: 'DESC' }}
      placeholder="Name, MAC address or model"
      filters={[{ ...organizationFilter, shown: true }]}
      views={[
        { name: 'All', filter: {} },
        { name: 'Waiting', filter: { state: 'waiting' } },
        { name: 'Refused', filter: { state: 'refused' } },
      ]}
      opens={false}
      actions={
        <Button variant="outlined" component={Link} to="/devices">
          {say('To the devices')}
        </Button>
      }
      bulk={<Decisions />}
      empty={<Empty title="No device waits">{say('Devices wait here where their organization approves of them before they are let in.')}</Empty>}
    />
  );
}
