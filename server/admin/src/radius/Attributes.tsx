// The limits of a group, or what its members are told: a list in which each row is saved by itself.
import { Autocomplete, Button, IconButton, MenuItem, TextField, Tooltip } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useCanAccess, useDataProvider, useNotify } from 'react-admin';
import { Card } from '../design/Card';
import { Failed, Loading } from '../design/states';
import { useText } from '../design/useText';
import type { AttributeKind, RadiusProvider } from './operations';
import type { GroupAttribute } from './types';
import { meaning } from './words';
import './radius.css';

const kinds = {
  check: {
    title: 'Limits and checks',
    note: 'what members may use',
    none: 'No limits.',
    add: 'Add limit',
    operators: [':=', '=', '==', '+=', '!=', '>', '>=', '<', '<=', '=~', '!~', '=*', '!*'],
    known: ['Max-Daily-Session', 'Max-Daily-Session-Traffic', 'Max-Monthly-Session-Traffic', 'Simultaneous-Use'],
    model: 'radiusgroupcheck',
  },
  reply: {
    title: 'Replies',
    note: 'what the access server is told of members',
    none: 'Nothing but what is left of the limits.',
    add: 'Add reply',
    operators: ['=', ':=', '+='],
    known: ['Session-Timeout', 'Idle-Timeout', 'Reply-Message', 'Class', 'Filter-Id', 'Tunnel-Private-Group-Id', 'WISPr-Bandwidth-Max-Down', 'WISPr-Bandwidth-Max-Up'],
    model: 'radiusgroupreply',
  },
};

function Row({ kind, row, busy, onSave, onCancel }: { kind: AttributeKind; row: GroupAttribute; busy: boolean; onSave(row: GroupAttribute): void; onCancel(): void }) {
  const say = useText();
  const [values, setValues] = useState(row);
  const { operators, known } = kinds[kind];
  const said = meaning(values.attribute, values.value);
  return (
    <div className="r-row">
      <Autocomplete
        freeSolo
        options={known}
        inputValue={values.attribute}
        onInputChange={(_, attribute) => setValues({ ...values, attribute })}
        renderInput={(props) => <TextField {...props} label={say('Attribute')} size="small" autoFocus={!row.id} />}
      />
      <TextField select label={say('Operator')} size="small" value={values.op} onChange={({ target }) => setValues({ ...values, op: target.value })}>
        {operators.map((op) => (
          <MenuItem key={op} value={op}>
            {op}
          </MenuItem>
        ))}
      </TextField>
      <TextField label={say('Value')} size="small" value={values.value} helperText={said || undefined} onChange={({ target }) => setValues({ ...values, value: target.value })} />
      <span className="r-buttons">
        <Button color="inherit" onClick={onCancel}>
          {say('Cancel')}
        </Button>
        <Button variant="contained" disabled={busy || !values.attribute || !values.value} onClick={() => onSave(values)}>
          {row.id ? say('Save') : say('Add')}
        </Button>
      </span>
    </div>
  );
}

/** The card. */
export function Attributes({ group, kind }: { group: string; kind: AttributeKind }) {
  const say = useText();
  const { title, note, none, add, operators, model } = kinds[kind];
  const provider = useDataProvider<RadiusProvider>();
  const client = useQueryClient();
  const notify = useNotify();
  const mayAdd = useCanAccess({ resource: model, action: 'create' }).canAccess;
  const mayChange = useCanAccess({ resource: model, action: 'edit' }).canAccess;
  const mayDelete = useCanAccess({ resource: model, action: 'delete' }).canAccess;
  const [edited, setEdited] = useState<GroupAttribute>();
  const [busy, setBusy] = useState(false);
  const key = ['radius', group, kind];
  const { data, error, isPending, refetch } = useQuery({ queryKey: key, queryFn: () => provider.groupAttributes(group, kind) });
  const run = async (work: () => Promise<unknown>) => {
    setBusy(true);
    try {
      await work();
      setEdited(undefined);
      await client.invalidateQueries({ queryKey: key });
    } catch (failure) {
      notify(failure instanceof Error ? failure.message : String(failure), { type: 'error' });
    }
    setBusy(false);
  };
  const save = (row: GroupAttribute) => {
    const { id: _, ...values } = row;
    void run(() => (row.id ? provider.changeGroupAttribute(group, kind, row) : provider.addGroupAttribute(group, kind, values)));
  };
  if (isPending) return <Loading rows={2} onRetry={() => void refetch()} />;
  if (error) return <Failed reason={error.message} onRetry={() => void refetch()} />;
  return (
    <Card title={title} note={note} flush={data.length > 0}>
      {data.length === 0 && !edited && <p className="w-secondary">{say(none)}</p>}
      {data.length > 0 && (
        <ul className="w-rows">
          {data.map((row) =>
            edited?.id === row.id ? (
              <li key={row.id}>
                <Row kind={kind} row={row} busy={busy} onSave={save} onCancel={() => setEdited(undefined)} />
              </li>
            ) : (
              <li key={row.id}>
                <span className="w-medium w-clip">{row.attribute}</span>
                <span className="w-mono w-secondary">{row.op}</span>
                <span className="w-mono w-grow w-clip">{row.value}</span>
                <span className="w-secondary">{meaning(row.attribute, row.value)}</span>
                {mayChange && (
                  <Tooltip title={say('Change')}>
                    <IconButton size="small" aria-label={say('Change %{attribute}', { attribute: row.attribute })} onClick={() => setEdited(row)}>
                      <Pencil size={16} />
                    </IconButton>
                  </Tooltip>
                )}
                {mayDelete && (
                  <Tooltip title={say('Delete')}>
                    <IconButton size="small" aria-label={say('Delete %{attribute}', { attribute: row.attribute })} disabled={busy} onClick={() => void run(() => provider.removeGroupAttribute(group, kind, row.id))}>
                      <Trash2 size={16} />
                    </IconButton>
                  </Tooltip>
                )}
              </li>
            ),
          )}
        </ul>
      )}
      {edited && !edited.id && (
        <div className="r-new">
          <Row kind={kind} row={edited} busy={busy} onSave={save} onCancel={() => setEdited(undefined)} />
        </div>
      )}
      {mayAdd && !edited && (
        <div className="r-new">
          <Button startIcon={<Plus size={16} />} onClick={() => setEdited({ id: '', attribute: '', op: operators[0] ?? '=', value: '' })}>
            {say(add)}
          </Button>
        </div>
      )}
    </Card>
  );
}
