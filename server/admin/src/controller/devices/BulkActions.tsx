// What can be done with many devices at once. What is asked names them all: a selection may be of several pages.
import { Alert, Button, Checkbox, FormControlLabel } from '@mui/material';
import { CirclePause, CirclePlay, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetMany, useListContext, useNotify, useRefresh } from 'react-admin';
import { BulkActions } from '../../app/ObjectActions';
import { attemptEach, type Outcome } from '../../api/dataProvider';
import { Ask, Names } from '../../design/Ask';
import { Loading } from '../../design/states';
import type { ControllerProvider } from '../operations';
import type { Device } from '../types';
import { ChangeMany } from './ChangeMany';
import { deletable, devicesOf } from './deletable';
import { statusLook, statuses, statusOf } from './status';
import { StatusChip } from './StatusChip';

type Action = 'activate' | 'deactivate' | 'delete';

const words: Record<Action, { verb: string; keep: string; done: string; text: string }> = {
  activate: { verb: 'Activate', keep: 'Leave them', done: 'activated', text: 'They get the required and default templates again.' },
  deactivate: { verb: 'Deactivate', keep: 'Keep them', done: 'deactivated', text: 'Their configuration is removed, also from the devices, and nothing can be changed until they are activated again.' },
  delete: { verb: 'Delete', keep: 'Keep them', done: 'deleted', text: 'Their configurations and versions are deleted with them.' },
};

/** The buttons for the selected devices. */
export function BulkDeviceActions() {
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const remove = useCanAccess({ resource: 'devices', action: 'delete' });
  const [asked, setAsked] = useState<Action>();
  return (
    <>
      {add.canAccess && (
        <>
          <Button color="inherit" startIcon={<CirclePlay size={16} />} onClick={() => setAsked('activate')}>
            Activate…
          </Button>
          <Button color="inherit" startIcon={<CirclePause size={16} />} onClick={() => setAsked('deactivate')}>
            Deactivate…
          </Button>
        </>
      )}
      <ChangeMany />
      <BulkActions of="devices" />
      {remove.canAccess && (
        <Button color="error" startIcon={<Trash2 size={16} />} onClick={() => setAsked('delete')}>
          Delete…
        </Button>
      )}
      {asked && <BulkQuestion action={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

/** How many of the devices stand how. */
function Standing({ devices }: { devices: Device[] }) {
  const counts = statuses.map((status) => ({ status, count: devices.filter((device) => statusOf(device) === status).length })).filter(({ count }) => count > 0);
  return <p style={{ margin: 0 }}>{counts.map(({ status, count }) => `${count} ${statusLook[status].word}`).join(', ')}</p>;
}

function BulkQuestion({ action, onClose }: { action: Action; onClose(): void }) {
  const { selectedIds, onSelect } = useListContext<Device>();
  const [ids] = useState(selectedIds);
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [force, setForce] = useState(false);
  const [busy, setBusy] = useState(false);
  const [outcome, setOutcome] = useState<Outcome<Device['id']>>();
  const { data: devices, isPending } = useGetMany<Device>('devices', { ids });
  const known = devices?.filter(Boolean) ?? [];
  const early = action === 'delete' ? known.filter((device) => !deletable(device)) : [];
  const { verb, keep, done, text } = words[action];

  const run = async () => {
    setBusy(true);
    const work = (id: Device['id']) => (action === 'delete' ? provider.delete('devices', { id, meta: { force: early.some((device) => device.id === id) } }) : provider[action](id));
    const result = await attemptEach(ids.map(String), work);
    setBusy(false);
    onSelect(result.failed.map(({ item }) => item));
    refresh();
    if (result.failed.length > 0) return setOutcome(result);
    notify(`${devicesOf(result.done.length)} ${done}`, { type: 'success' });
    onClose();
  };

  if (outcome) return <Results outcome={outcome} done={done} devices={known} onClose={onClose} />;
  return (
    <Ask
      title={`${verb} ${devicesOf(ids.length)}?`}
      verb={`${verb} ${devicesOf(ids.length)}`}
      keep={keep}
      dangerous={action !== 'activate'}
      count={ids.length}
      busy={busy}
      blocked={isPending ? 'Reading what is selected…' : early.length > 0 && !force ? 'Tick the box to go on.' : false}
      onDo={() => void run()}
      onClose={onClose}
    >
      <p style={{ marginTop: 0 }}>{text}</p>
      {isPending ? (
        <Loading rows={3} />
      ) : (
        <>
          <Standing devices={known} />
          <Names
            total={ids.length}
            names={known.slice(0, 5).map((device) => (
              <span key={device.id} style={{ display: 'grid', gridTemplateColumns: '140px minmax(0,1fr)', gap: 8 }}>
                <StatusChip status={statusOf(device)} />
                <b className="w-clip">{device.name}</b>
              </span>
            ))}
          />
        </>
      )}
      {early.length > 0 && (
        <>
          <Alert severity="warning">
            {early.length === 1 ? '1 of them is' : `${early.length.toLocaleString()} of them are`} not fully deactivated: the configuration they have stays on them.
          </Alert>
          <FormControlLabel control={<Checkbox checked={force} onChange={(event) => setForce(event.target.checked)} />} label="Delete them all the same" />
        </>
      )}
    </Ask>
  );
}

/** What became of it: stays until it is closed. */
function Results({ outcome: { done, failed }, done: word, devices, onClose }: { outcome: Outcome<string>; done: string; devices: Device[]; onClose(): void }) {
  const nameOf = (id: string) => devices.find((device) => device.id === id)?.name ?? id;
  return (
    <Ask title={`${done.length.toLocaleString()} ${word}, ${failed.length.toLocaleString()} refused`} verb="Back to the list" keep="Close" wide onDo={onClose} onClose={onClose}>
      <p style={{ marginTop: 0 }}>The refused ones are still selected.</p>
      <ul className="w-names" style={{ maxHeight: 320, overflow: 'auto' }}>
        {failed.map(({ item, error }) => (
          <li key={item}>
            <b>{nameOf(item)}</b>: {error instanceof Error ? error.message : String(error)}
          </li>
        ))}
      </ul>
    </Ask>
  );
}
