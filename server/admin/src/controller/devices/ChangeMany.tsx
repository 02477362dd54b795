// Changes what is selected in the background: tried first, told device by device, and taken back where that is wanted.
import { Alert, Button, MenuItem, TextField } from '@mui/material';
import { SlidersHorizontal } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useGetList, useListContext, useRefresh } from 'react-admin';
import { Ask } from '../../design/Ask';
import { useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import { useManagedOrganizations } from '../../tenancy/managed';
import type { Device, DeviceGroup, Template } from '../types';
import { devicesOf } from './deletable';
import { changeBody, type ChangeKind, changeKinds } from './changeMany';
import { TaskProgress } from './TaskProgress';

/** The button for the selected devices. */
export function ChangeMany() {
  const say = useText();
  const change = useCanAccess({ resource: 'devices', action: 'edit' });
  const [open, setOpen] = useState(false);
  if (!change.canAccess) return null;
  return (
    <>
      <Button color="inherit" startIcon={<SlidersHorizontal size={16} />} onClick={() => setOpen(true)}>
        {say('Change…')}
      </Button>
      {open && <Question onClose={() => setOpen(false)} />}
    </>
  );
}

const some = { pagination: { page: 1, perPage: 100 }, sort: { field: 'name', order: 'ASC' as const } };

/** What is chosen for each kind of change. */
const choices: Record<ChangeKind, { label: string; of: 'templates' | 'groups' | 'organizations' }> = {
  add_templates: { label: 'Template', of: 'templates' },
  remove_templates: { label: 'Template', of: 'templates' },
  set_variables: { label: 'Variable', of: 'templates' },
  set_group: { label: 'Group', of: 'groups' },
  move: { label: 'Organization', of: 'organizations' },
};

function Question({ onClose }: { onClose(): void }) {
  const say = useText();
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
  const organizations = useManagedOrganizations();
  const chosen = choices[kind];
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
      <Ask title={say('Changing %{number}', { number: devicesOf(ids.length) })} verb="Back to the list" keep="Close" wide onDo={close} onClose={close}>
        <TaskProgress id={done} undo={setDone} />
      </Ask>
    );
  }
  return (
    <Ask title={say('Change %{number}', { number: devicesOf(ids.length) })} verb={tried ? say('Change %{number}', { number: devicesOf(ids.length) }) : say('Try it')} keep="Leave them" wide blocked={body ? false : 'Say what to change.'} onDo={() => void start(!tried)} onClose={close}>
      <div className="w-stack">
        <TextField select label={say('What')} value={kind} onChange={(event) => { setKind(event.target.value as ChangeKind); setChoice(''); setValue(''); again(); }} fullWidth>
          {changeKinds.map(({ id, name }) => (
            <MenuItem key={id} value={id}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {kind === 'set_variables' ? (
          <>
            <TextField label={say('Variable')} value={choice} onChange={(event) => { setChoice(event.target.value); again(); }} fullWidth />
            <TextField label={say('Value')} value={value} onChange={(event) => { setValue(event.target.value); again(); }} helperText={say('Empty takes the variable away')} fullWidth />
          </>
        ) : (
          <TextField select label={chosen.label} value={choice} onChange={(event) => { setChoice(event.target.value); again(); }} fullWidth>
            {kind === 'set_group' && <MenuItem value="none">{say('No group')}</MenuItem>}
            {{ templates, groups, organizations }[chosen.of].map(({ id, name }) => (
              <MenuItem key={id} value={id}>
                {name}
              </MenuItem>
            ))}
          </TextField>
        )}
        {problem && <Alert severity="error">{problem}</Alert>}
        {tried && <TaskProgress id={tried} />}
      </div>
    </Ask>
  );
}
