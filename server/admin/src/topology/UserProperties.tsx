// Properties of people as rows of names and values. Values that are no texts are edited as JSON.
import { Button, IconButton } from '@mui/material';
import { Plus, Trash2 } from 'lucide-react';
import { useState } from 'react';
import { useInput } from 'react-admin';
import { useText } from '../design/useText';

interface Row {
  name: string;
  value: string;
}

const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));

/** What a text stands for: itself, unless it is a number, a truth or a structure. */
export function meantBy(text: string): unknown {
  if (!/^(-?\d|true$|false$|null$|[[{])/.test(text)) return text;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** The rows. */
export function UserProperties({ locked }: { locked: boolean }) {
  const say = useText();
  const { field } = useInput({ source: 'user_properties' });
  const [rows, setRows] = useState<Row[]>(() => Object.entries((field.value ?? {}) as Record<string, unknown>).map(([name, value]) => ({ name, value: textOf(value) })));
  const change = (next: Row[]) => {
    setRows(next);
    field.onChange(Object.fromEntries(next.filter(({ name }) => name.trim()).map(({ name, value }) => [name.trim(), meantBy(value)])));
  };
  return (
    <div className="w-stack">
      {rows.length === 0 && <p className="w-secondary">{say('None. They stand in documents beside what the network says, and no update touches them.')}</p>}
      {rows.map((row, index) => (
        <div className="w-row" key={index}>
          <label className="w-search">
            <input aria-label={say('Name %{index}', { index: index + 1 })} placeholder={say('Name')} readOnly={locked} value={row.name} onChange={(event) => change(rows.map((one, at) => (at === index ? { ...one, name: event.target.value } : one)))} />
          </label>
          <label className="w-search w-grow">
            <input aria-label={say('Value %{index}', { index: index + 1 })} placeholder={say('Value')} readOnly={locked} value={row.value} onChange={(event) => change(rows.map((one, at) => (at === index ? { ...one, value: event.target.value } : one)))} />
          </label>
          {!locked && (
            <IconButton aria-label={say('Remove %{name}', { name: row.name || say('row %{index}', { index: index + 1 }) })} onClick={() => change(rows.filter((_, at) => at !== index))}>
              <Trash2 size={14} />
            </IconButton>
          )}
        </div>
      ))}
      {!locked && (
        <div>
          <Button type="button" size="small" startIcon={<Plus size={14} />} onClick={() => change([...rows, { name: '', value: '' }])}>
            {say('Add a property')}
          </Button>
        </div>
      )}
    </div>
  );
}
