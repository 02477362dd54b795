// What can be done with many devices at once. What is asked names them all: a selection may be of several pages.
import { Alert, Button, Checkbox, FormControlLabel } from '@mui/material';
import { CirclePause, CirclePlay, Trash2 } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useCanAccess, useDataProvider, useGetMany, useListContext, useNotify, useRefresh } from 'react-admin';
import { BulkActions } from '../../app/ObjectActions';
import { Ask } from '../../design/Ask';
import { Loading } from '../../design/states';
import { useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import type { Device, DeviceTask } from '../types';
import { ChangeMany } from './ChangeMany';
import { deletable } from './deletable';
import { statusLook, statuses, statusOf } from './status';
import { TaskProgress } from './TaskProgress';

type Action = 'activate' | 'deactivate' | 'delete';

const words: Record<Action, { verb: string; keep: string; done: string; text: string }> = {
  activate: { verb: 'Activate', keep: 'Leave them', done: 'activated', text: 'They get the required and default templates again.' },
  deactivate: { verb: 'Deactivate', keep: 'Keep them', done: 'deactivated', text: 'Their configuration is removed, also from the devices, and nothing can be changed until they are activated again.' },
  delete: { verb: 'Delete', keep: 'Keep them', done: 'deleted', text: 'They can be recovered for some time, with their configurations and newest versions.' },
};

/** The buttons for the selected devices. */
export function BulkDeviceActions() {
  const add = useCanAccess({ resource: 'devices', action: 'create' });
  const remove = useCanAccess({ resource: 'devices', action: 'delete' });
  const say = useText();
  const [asked, setAsked] = useState<Action>();
  return (
    <>
      {add.canAccess && (
        <>
          <Button color="inherit" startIcon={<CirclePlay size={16} />} onClick={() => setAsked('activate')}>
            {say('Activate…')}
          </Button>
          <Button color="inherit" startIcon={<CirclePause size={16} />} onClick={() => setAsked('deactivate')}>
            {say('Deactivate…')}
          </Button>
        </>
      )}
      <ChangeMany />
      <BulkActions of="devices" />
      {remove.canAccess && (
        <Button color="error" startIcon={<Trash2 size={16} />} onClick={() => setAsked('delete')}>
          {say('Delete…')}
        </Button>
      )}
      {asked && <BulkQuestion action={asked} onClose={() => setAsked(undefined)} />}
    </>
  );
}

/** How many of the devices stand how. */
function Standing({ devices }: { devices: Device[] }) {
  const say = useText();
  const counts = statuses.map((status) => ({ status, count: devices.filter((device) => statusOf(device) === status).length })).filter(({ count }) => count > 0);
  return <p style={{ margin: 0 }}>{counts.map(({ status, count }) => `${count} ${say(statusLook[status].word)}`).join(', ')}</p>;
}

/** It is tried first, told device by device, done in the background, and taken back where that is wanted. */
function BulkQuestion({ action, onClose }: { action: Action; onClose(): void }) {
  const { selectedIds, onSelect } = useListContext<Device>();
  const say = useText();
  const devicesOf = (count: number) => say('%{smart_count} device |||| %{smart_count} devices', { smart_count: count });
  const [ids] = useState(selectedIds.map(String));
  const provider = useDataProvider<ControllerProvider>();
  const notify = useNotify();
  const refresh = useRefresh();
  const [force, setForce] = useState(false);
  const [trial, setTrial] = useState<{ id: string; result?: DeviceTask }>();
  const [doing, setDoing] = useState<{ id: string; result?: DeviceTask }>();
  const [problem, setProblem] = useState<string>();
  // what is selected afterwards; not before the dialog is closed, which is part of the bar of the selection
  const [left, setLeft] = useState<string[]>();
  const close = () => {
    if (left) onSelect(left);
    onClose();
  };
  const { data: devices, isPending } = useGetMany<Device>('devices', { ids });
  const known = devices?.filter(Boolean) ?? [];
  const early = action === 'delete' ? known.filter((device) => !deletable(device)) : [];
  const { verb, keep, done, text } = words[action];

  const start = async (dry: boolean, forced: boolean) => {
    setProblem(undefined);
    try {
      const { id } = await provider.startTask({ action, devices: ids, dry_run: dry, force: forced });
      if (dry) setTrial({ id });
      else setDoing({ id });
    } catch (error) {
      setProblem(messageOf(error));
    }
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is selected does not change while it is asked about
  useEffect(() => void start(true, force), [force]);

  const over = async (task: DeviceTask) => {
    setDoing({ id: task.id, result: task });
    refresh();
    try {
      const refused = task.failed > 0 ? (await provider.taskItems(task.id, 'failed')).results : [];
      setLeft(refused.flatMap(({ device }) => (device ? [device] : [])));
    } catch (error) {
      notify(messageOf(error), { type: 'error' });
    }
  };

  if (doing) {
    return (
      <Ask title={doing.result ? `${devicesOf(doing.result.changed)} ${say(doing.result.action === 'undo' ? 'as before' : done)}` : say(`${verb} %{what}`, { what: devicesOf(ids.length) })} verb="Back to the list" keep="Close" wide onDo={close} onClose={close}>
        <TaskProgress id={doing.id} undo={(id) => setDoing({ id })} onOver={(task) => void over(task)} />
        {doing.result && doing.result.failed > 0 && <p className="w-secondary">{say('Those that failed are still selected.')}</p>}
      </Ask>
    );
  }
  return (
    <Ask
      title={say(`${verb} %{what}?`, { what: devicesOf(ids.length) })}
      verb={say(`${verb} %{what}`, { what: devicesOf(ids.length) })}
      keep={keep}
      dangerous={action !== 'activate'}
      count={ids.length}
      wide
      blocked={isPending ? 'Reading what is selected…' : early.length > 0 && !force ? 'Tick the box to go on.' : !trial?.result ? 'Trying it…' : trial.result.changed === 0 ? 'Nothing would change.' : false}
      onDo={() => void start(false, force)}
      onClose={onClose}
    >
      <p style={{ marginTop: 0 }}>{say(text)}</p>
      {isPending ? <Loading rows={3} /> : <Standing devices={known} />}
      {early.length > 0 && (
        <>
          <Alert severity="warning">
            {say('%{smart_count} of them is not fully deactivated: the configuration it has stays on it. |||| %{smart_count} of them are not fully deactivated: the configuration they have stays on them.', { smart_count: early.length })}
          </Alert>
          <FormControlLabel control={<Checkbox checked={force} onChange={(event) => { setTrial(undefined); setForce(event.target.checked); }} />} label={say('Delete them all the same')} />
        </>
      )}
      {problem && <Alert severity="error">{problem}</Alert>}
      {trial && <TaskProgress key={trial.id} id={trial.id} onOver={(result) => setTrial({ id: result.id, result })} />}
    </Ask>
  );
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
