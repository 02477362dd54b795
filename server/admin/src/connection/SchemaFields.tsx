// The fields of a small object that a JSON Schema describes: parameters of a connector, input of a command.
import { Checkbox, FormControlLabel, IconButton, InputAdornment, MenuItem, TextField } from '@mui/material';
import { Eye, EyeOff } from 'lucide-react';
import { useState } from 'react';
import { useText } from '../design/useText';
import type { JSONObject } from '../api/types';
import { fieldsOf, type SchemaField, withField } from './schema';

/** What the API shows of a secret that is kept. */
const kept = '********';

interface Props {
  schema: JSONObject;
  /** The document that the schema is a part of. */
  root?: JSONObject;
  value: JSONObject;
  onChange(value: JSONObject): void;
}

/** The fields. */
export function SchemaFields({ schema, root, value, onChange }: Props) {
  return (
    <>
      {fieldsOf(schema, root ?? schema).map((field) => (
        <OneField key={field.name} field={field} value={value[field.name]} onChange={(next) => onChange(withField(value, field, next))} />
      ))}
    </>
  );
}

function OneField({ field, value, onChange }: { field: SchemaField; value: unknown; onChange(value: unknown): void }) {
  const say = useText();
  const [shown, setShown] = useState(false);
  const { label, help, required } = field;
  if (field.type === 'yesno') {
    return <FormControlLabel control={<Checkbox checked={value === true} onChange={(event) => onChange(event.target.checked)} />} label={label} />;
  }
  const text = value === undefined || value === null ? '' : String(value);
  const common = { label, required, value: text, fullWidth: true, helperText: value === kept ? 'One is kept. Type another one to replace it.' : help };
  if (field.type === 'choice') {
    return (
      <TextField {...common} select onChange={(event) => onChange(event.target.value)}>
        {field.choices.map((choice) => (
          <MenuItem key={choice} value={choice}>
            {choice || say('none')}
          </MenuItem>
        ))}
      </TextField>
    );
  }
  if (field.type === 'number') {
    return (
      <TextField
        {...common}
        type="number"
        slotProps={{ htmlInput: { min: field.least, max: field.most } }}
        onChange={({ target }) => onChange(target.value === '' ? '' : Number(target.value))}
      />
    );
  }
  const lines = field.type === 'lines';
  return (
    <TextField
      {...common}
      multiline={lines}
      minRows={lines ? 4 : undefined}
      maxRows={lines ? 12 : undefined}
      type={field.secret && !lines && !shown ? 'password' : 'text'}
      onChange={(event) => onChange(event.target.value)}
      slotProps={{
        htmlInput: { autoComplete: field.secret ? 'new-password' : 'off', spellCheck: false, className: lines || field.secret ? 'w-mono' : undefined },
        input:
          field.secret && !lines
            ? {
                endAdornment: (
                  <InputAdornment position="end">
                    <IconButton size="small" aria-label={`${shown ? 'Hide' : 'Show'} ${label.toLowerCase()}`} onClick={() => setShown(!shown)}>
                      {shown ? <EyeOff size={16} /> : <Eye size={16} />}
                    </IconButton>
                  </InputAdornment>
                ),
              }
            : undefined,
      }}
    />
  );
}
