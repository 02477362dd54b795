// The checks of a device: what is asked how often, what came of it, and a button that asks now.
import { Button, Checkbox, FormControlLabel, MenuItem, TextField } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { Pencil, Play, Plus, Power, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useRecordContext } from 'react-admin';
import { useAttempt } from '../connection/attempt';
import { Ask } from '../design/Ask';
import { Card } from '../design/Card';
import { Moment } from '../design/Moment';
import { MoreMenu } from '../design/MoreMenu';
import { Status } from '../design/Status';
import { Empty, Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import type { Check, CheckType } from './healthTypes';
import type { MonitoringProvider } from './operations';
import './monitoring.css';

/** How a check is: off, faulty, or when it ran. */
export function lookOf({ is_active, last_error, last_run }: Check): { status: 'off' | 'problem' | 'ok' | 'waiting'; word: string } {
  if (!is_active) return { status: 'off', word: 'off' };
  if (last_error) return { status: 'problem', word: 'could not be done' };
  return last_run ? { status: 'ok', word: 'runs' } : { status: 'waiting', word: 'was not run yet' };
}

/** The text of parameters as an object; undefined where it is none. */
export function paramsOf(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = text.trim() === '' ? {} : JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function CheckDialog({ device, check, types, onClose }: { device: string; check?: Check; types: CheckType[]; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const { busy, attempt } = useAttempt();
  const [type, setType] = useState(check?.check_type ?? types[0]?.id ?? '');
  const [name, setName] = useState(check?.name ?? '');
  const [description, setDescription] = useState(check?.description ?? '');
  const [active, setActive] = useState(check?.is_active ?? true);
  const [text, setText] = useState(check ? JSON.stringify(check.params, null, 2) : '{}');
  const params = paramsOf(text);
  const chosen = types.find(({ id }) => id === type);
  const save = () => {
    const body = { device, check_type: type, name, description, is_active: active, params };
    void attempt(() => (check ? provider.changeCheck(check.id, body) : provider.addCheck(body)), check ? 'Saved' : 'The check was added').then((done) => done && onClose());
  };
  return (
    <Ask title={check ? say('Change %{name}', { name: check.name }) : say('Add a check')} verb={check ? 'Save' : 'Add check'} keep="Cancel" busy={busy} blocked={!params && 'The parameters are no JSON object.'} onDo={save} onClose={onClose}>
      <div className="w-dialog-fields">
        <TextField select label={say('Type')} value={type} onChange={({ target }) => setType(target.value)} disabled={check !== undefined} fullWidth>
          {types.map(({ id, label }) => (
            <MenuItem key={id} value={id}>
              {label}
            </MenuItem>
          ))}
        </TextField>
        <TextField label={say('Name')} value={name} onChange={({ target }) => setName(target.value)} placeholder={chosen?.label} helperText={say('Empty: that of the type')} fullWidth />
        <TextField label={say('Description')} value={description} onChange={({ target }) => setDescription(target.value)} fullWidth />
        <TextField label={say('Parameters')} value={text} onChange={({ target }) => setText(target.value)} multiline minRows={3} slotProps={{ htmlInput: { className: 'w-mono', spellCheck: false } }} fullWidth />
        {chosen && chosen.params.length > 0 && (
          <ul className="w-note">
            {chosen.params.map((one) => (
              <li key={one.name}>
                <code>{one.name}</code> {one.help} {one.default !== null && one.default !== '' && <>{say('(else %{default})', { default: JSON.stringify(one.default) })}</>}
              </li>
            ))}
          </ul>
        )}
        <FormControlLabel control={<Checkbox checked={active} onChange={({ target }) => setActive(target.checked)} />} label={say('It runs')} />
      </div>
    </Ask>
  );
}

function Row({ check, types, again }: { check: Check; types: CheckType[]; again(): void }) {
  const say = useText();
  const provider = useDataProvider<MonitoringProvider>();
  const change = useCanAccess({ resource: 'checks', action: 'change' });
  const remove = useCanAccess({ resource: 'checks', action: 'delete' });
  const { busy, attempt } = useAttempt();
  const [asked, setAsked] = useState<'change' | 'remove'>();
  const close = () => {
    setAsked(undefined);
    again();
  };
  const every = types.find(({ id }) => id === check.check_type)?.every;
  const actions = [
    ...(change.canAccess
      ? [
          { label: 'Change…', icon: Pencil, onDo: () => setAsked('change') },
          { label: check.is_active ? 'Switch off' : 'Switch on', icon: Power, onDo: () => void attempt(() => provider.changeCheck(check.id, { is_active: !check.is_active })).then(again) },
        ]
      : []),
    ...(remove.canAccess ? [{ label: 'Delete…', icon: Trash2, dangerous: true, onDo: () => setAsked('remove') }] : []),
  ];
  return (
    <li className="w-check">
      <div className="w-grow">
        <b>{check.name}</b> {check.name !== check.check_type_label && <span className="w-muted">{check.check_type_label}</span>} <Status {...lookOf(check)} />
        {check.last_error && <div className="w-secondary">{check.last_error}</div>}
        {check.description && <div className="w-secondary">{check.description}</div>}
        <div className="w-small w-muted">
          {check.last_run ? (
            <>
              {say('Ran')}{' '}<Moment at={check.last_run} />
            </>
          ) : (
            say('Was not run yet')
          )}
          {check.is_active && (
            <>
              {say(', next')}{' '}<Moment at={check.next_at} />
            </>
          )}
          {every ? say(', every %{value}', { value: every % 60 === 0 ? `${every / 60} min` : `${every} s` }) : ''}
          {Object.keys(check.params).length > 0 && (
            <>
              {' · '}
              <code>{JSON.stringify(check.params)}</code>
            </>
          )}
        </div>
      </div>
      {change.canAccess && (
        <Button variant="outlined" size="small" disabled={busy || !check.is_active} startIcon={<Play size={14} />} onClick={() => void attempt(() => provider.runCheck(check.id), say('%{name} runs within seconds', { name: check.name })).then(again)}>
          {say('Run now')}
        </Button>
      )}
      {actions.length > 0 && <MoreMenu label={say('More about %{name}', { name: check.name })} actions={actions} />}
      {asked === 'change' && <CheckDialog device={check.device} check={check} types={types} onClose={close} />}
      {asked === 'remove' && (
        <Ask title={say('Delete the check %{name}?', { name: check.name })} verb="Delete check" keep="Keep it" dangerous busy={busy} onDo={() => void attempt(() => provider.removeCheck(check.id)).then(close)} onClose={() => setAsked(undefined)}>
          {say('What it measured is kept; nothing is measured any more.')}
        </Ask>
      )}
    </li>
  );
}

/** The tab. */
export default function DeviceChecks() {
  const say = useText();
  const device = useRecordContext();
  const id = String(device?.id ?? '');
  const provider = useDataProvider<MonitoringProvider>();
  const add = useCanAccess({ resource: 'checks', action: 'create' });
  const [adding, setAdding] = useState(false);
  const types = useQuery({ queryKey: ['monitoring', 'checkTypes'], queryFn: () => provider.checkTypes(), staleTime: 300_000 });
  const checks = useQuery({ queryKey: ['monitoring', 'checks', id], queryFn: () => provider.deviceChecks(id), enabled: id !== '', refetchInterval: 5_000 });
  if (checks.error) return <Failed reason={checks.error.message} onRetry={() => void checks.refetch()} />;
  if (!checks.data || !types.data) return <Loading rows={3} />;
  return (
    <Card
      title="Checks"
      note={String(checks.data.length)}
      more={
        add.canAccess && (
          <Button variant="outlined" size="small" startIcon={<Plus size={14} />} onClick={() => setAdding(true)}>
            {say('Add a check')}
          </Button>
        )
      }
    >
      {checks.data.length === 0 && <Empty title="No checks">{say('A check asks the device how it is, again and again: whether it answers, has its configuration, sends its measurements.')}</Empty>}
      <ul className="w-checks">
        {checks.data.map((check) => (
          <Row key={check.id} check={check} types={types.data} again={() => void checks.refetch()} />
        ))}
      </ul>
      {adding && (
        <CheckDialog
          device={id}
          types={types.data}
          onClose={() => {
            setAdding(false);
            void checks.refetch();
          }}
        />
      )}
    </Card>
  );
}
