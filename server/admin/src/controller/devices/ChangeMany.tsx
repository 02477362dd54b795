// Changes what is selected in the background: tried first, told device by device, and taken back where that is wanted.
import { Alert, Button, LinearProgress, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetList, useListContext, useRefresh } from 'react-admin';
import { Ask } from '../../design/Ask';
import type { ControllerProvider } from '../operations';
import type { Device, DeviceGroup, DeviceTask, Template } from '../types';
import { devicesOf } from './deletable';
import { changeBody, type ChangeKind, changeKinds, summary } from './changeMany';

/** The button for the selected devices. */
export function ChangeMany() {
  const change = useCanAccess({ resource: 'devices', action: 'edit' });
  const [open, setOpen] = useState(false);
  if (!change.canAccess) return null;
  return (
    <>
      <Button color="inherit" startIcon={<SlidersHorizontal size={16} />} onClick={() => setOpen(true)}>
        Change…
      </Button>
      {open && <Question onClose={() => setOpen(false)} />}
    </>
  );
}

const some = { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' as const } };

function Question({ onClose }: { onClose(): void }) {
  const { selectedIds, onUnselectItems } = useListContext<Device>();
  const [ids] = useState(selectedIds.map(String));
  const provider = useDataProvider<ControllerProvider>();
  const refresh = useRefresh();
  const [kind, setKind] = useState<ChangeKind>('add_templates');
  const [choice, setChoice] = useState('');
  const [value, setValue] = useState('');
  const [tried, setTried] = useState<string>();
  const [done, setDone] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const templates = useGetList<Template>('templates', some).data ?? [];
  const groups = useGetList<DeviceGroup>('devicegroups', some).data ?? [];
  const body = changeBody(kind, choice, value, ids);
  const start = async (dry: boolean) => {
    setProblem(undefined);
    try {
      const task = await provider.startTask({ ...body, dry_run: dry });
      if (dry) setTried(task.id);
      else setDone(task.id);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  };
  const close = () => {
    if (done) {
      onUnselectItems();
      refresh();
    }
    onClose();
  };
  const again = () => setTried(undefined);
  if (done) {
    return (
      <Ask title={`Changing ${devicesOf(ids.length)}`} verb="Back to the list" keep="Close" wide onDo={close} onClose={close}>
        <Progress id={done} undo={setDone} />
      </Ask>
    );
  }
  return (
    <Ask title={`Change ${devicesOf(ids.length)}`} verb={tried ? `Change ${devicesOf(ids.length)}` : 'Try it'} keep="Leave them" wide blocked={body ? false : 'Say what to change.'} onDo={() => void start(!tried)} onClose={close}>
      <div className="w-stack">
        <TextField select label="What" value={kind} onChange={(event) => { setKind(event.target.value as ChangeKind); setChoice(''); setValue(''); again(); }} fullWidth>
          {changeKinds.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {kind === 'set_variables' ? (
          <>
            <TextField label="Variable" value={choice} onChange={(event) => { setChoice(event.target.value); again(); }} fullWidth />
            <TextField label="Value" value={value} onChange={(event) => { setValue(event.target.value); again(); }} helperText="Empty takes the variable away" fullWidth />
          </>
        ) : (
          <TextField select label={kind === 'set_group' ? 'Group' : 'Template'} value={choice} onChange={(event) => { setChoice(event.target.value); again(); }} fullWidth>
            {kind === 'set_group' && <MenuItem value="none">No group</MenuItem>}
            {(kind === 'set_group' ? groups : templates).map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
        )}
        {problem && <Alert severity="error">{problem}</Alert>}
        {tried && <Progress id={tried} />}
      </div>
    </Ask>
  );
}

const over = (task: DeviceTask | undefined) => task?.finished != null;

/** How far a task is, and what fails. */
function Progress({ id, undo }: { id: string; undo?(id: string): void }) {
  const provider = useDataProvider<ControllerProvider>();
  const { data: task, error } = useQuery({ queryKey: ['device-task', id], queryFn: () => provider.task(id), refetchInterval: ({ state }) => (over(state.data) ? false : 1000) });
  const failed = useQuery({ queryKey: ['device-task', id, 'failed'], queryFn: () => provider.taskItems(id, 'failed'), enabled: over(task) && task !== undefined && task.failed > 0 });
  if (error) return <Alert severity="error">{error.message}</Alert>;
  if (!task) return <LinearProgress />;
  const takeBack = async () => undo?.((await provider.undoTask(id)).id);
  return (
    <div role="status">
      {!over(task) && <LinearProgress variant="determinate" value={(100 * (task.total - task.waiting)) / Math.max(task.total, 1)} />}
      <p style={{ margin: 0 }}>{summary(task)}</p>
      {(failed.data?.results ?? []).length > 0 && (
        <ul className="w-names">
          {failed.data?.results.map(({ position, name, message }) => (
            <li key={position}>
              <b>{name}</b>: {message}
            </li>
          ))}
        </ul>
      )}
      {undo && over(task) && task.changed > 0 && task.action !== 'undo' && (
        <Button size="small" onClick={() => void takeBack()}>
          Take it back
        </Button>
      )}
    </div>
  );
}
