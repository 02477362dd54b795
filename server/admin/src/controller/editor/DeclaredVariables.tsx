// What the variables of one level are: type, description, whether their values are secrets; and the values of those.
import { Alert, Button, Chip, FormControlLabel, MenuItem, Switch, TextField } from '@mui/material';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useDataProvider, useRefresh } from 'react-admin';
import { APIError, flattenErrors } from '../../api/errors';
import { Ask } from '../../design/Ask';
import { useText } from '../../design/useText';
import type { ControllerProvider } from '../operations';
import type { DeclaredVariable, VariableLevel } from '../types';
import { bodyOf, type Declaration, declarationOf, typeNames } from './declared';

interface Props {
  of: VariableLevel;
  id: string;
  locked: boolean;
}

/** Every message of a refusal, with its field. */
export function refusal(error: unknown): string {
  if (error instanceof APIError && error.body.errors) {
    const said = flattenErrors(error.body.errors).map(({ field, message }) => (field ? `${field}: ${message}` : message));
    if (said.length > 0) return said.join(' ');
  }
  return error instanceof Error ? error.message : String(error);
}

/** The list, with a button for one more. */
export function DeclaredVariables({ of, id, locked }: Props) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const [edited, setEdited] = useState<Declaration>();
  const { data, error } = useQuery({ queryKey: ['declared', of, id], queryFn: () => provider.declared(of, id) });
  if (error) return <Alert severity="warning">{error.message}</Alert>;
  const rows = (data?.variables ?? []).filter(({ declared }) => declared);
  return (
    <section aria-label={say('What these variables are')}>
      {rows.length > 0 && (
        <table className="w-origins w-declared">
          <thead>
            <tr>
              <th scope="col">{say('Variable')}</th>
              <th scope="col">{say('What it is')}</th>
              <th scope="col">{say('Value')}</th>
              <td />
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.name}>
                <th scope="row" className="w-mono">{row.name}</th>
                <td>
                  {typeNames[row.type]}
                  {row.choices.length > 0 && `: ${row.choices.join(', ')}`}
                  {row.secret && <Chip size="small" variant="outlined" label={say('Secret')} sx={{ ml: 1 }} />}
                  {row.description && <div className="w-secondary">{row.description}</div>}
                </td>
                <td>{row.secret ? (row.set ? '••••••' : say('none')) : row.set ? (typeof row.value === 'string' ? row.value : JSON.stringify(row.value)) : say('none here')}</td>
                <td>
                  {!locked && (
                    <Button size="small" onClick={() => setEdited(declarationOf(row))} aria-label={say('Change what %{name} is', { name: row.name })}>
                      {say('Change')}
                    </Button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {!locked && (
        <Button size="small" onClick={() => setEdited(declarationOf(undefined))}>
          {say('Describe a variable')}
        </Button>
      )}
      {edited && <Editor of={of} id={id} start={edited} known={data?.variables ?? []} onClose={() => setEdited(undefined)} />}
    </section>
  );
}

function Editor({ of, id, start, known, onClose }: { of: VariableLevel; id: string; start: Declaration; known: DeclaredVariable[]; onClose(): void }) {
  const say = useText();
  const provider = useDataProvider<ControllerProvider>();
  const client = useQueryClient();
  const refresh = useRefresh();
  const [now, setNow] = useState(start);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const set = (change: Partial<Declaration>) => setNow({ ...now, ...change });
  const clear = known.find(({ name, secret, set: given }) => name === now.name.trim() && given && !secret);
  const run = async (what: () => Promise<unknown>) => {
    setBusy(true);
    setProblem(undefined);
    try {
      await what();
      await client.invalidateQueries({ queryKey: ['declared', of, id] });
      await client.invalidateQueries({ queryKey: ['devices', 'variables'] });
      refresh();
      onClose();
    } catch (error) {
      setProblem(refusal(error));
      setBusy(false);
    }
  };
  const save = () => run(() => provider.declare(of, id, now.name.trim(), bodyOf(now)));
  return (
    <Ask title={start.name ? say('What %{name} is', { name: start.name }) : say('Describe a variable')} verb="Save" keep="Leave it" busy={busy} blocked={now.name.trim() ? false : 'It needs a name.'} onDo={() => void save()} onClose={onClose}>
      <div className="w-stack" style={{ paddingTop: 8 }}>
        {!start.name && <TextField label={say('Name')} value={now.name} onChange={(event) => set({ name: event.target.value })} fullWidth />}
        <TextField select label={say('Type')} value={now.type} onChange={(event) => set({ type: event.target.value as Declaration['type'] })} fullWidth>
          {Object.entries(typeNames).map(([value, name]) => (
            <MenuItem key={value} value={value}>
              {name}
            </MenuItem>
          ))}
        </TextField>
        {now.type === 'choice' && <TextField label={say('Choices')} value={now.choices} onChange={(event) => set({ choices: event.target.value })} helperText={say('One a line')} multiline minRows={2} fullWidth />}
        <TextField label={say('Description')} value={now.description} onChange={(event) => set({ description: event.target.value })} fullWidth />
        <FormControlLabel control={<Switch checked={now.secret} onChange={(_, secret) => set({ secret })} />} label={say('Its value is a secret')} />
        {now.secret && (
          <TextField
            label={say('Value')}
            type="password"
            autoComplete="new-password"
            value={now.value}
            onChange={(event) => set({ value: event.target.value })}
            helperText={clear ? say('Empty keeps the value that is there, and hides it') : start.secret ? say('Empty keeps the value that is there. Nobody is shown it.') : say('Devices get it. Nobody is shown it.')}
            fullWidth
          />
        )}
        {start.secret && !now.secret && <Alert severity="warning">{say('The value is forgotten: a secret is never shown.')}</Alert>}
        {problem && <Alert severity="error">{problem}</Alert>}
        {start.name && (
          <Button color="error" disabled={busy} onClick={() => void run(() => provider.undeclare(of, id, start.name))}>
            {say('Remove it, with its value')}
          </Button>
        )}
      </div>
    </Ask>
  );
}
