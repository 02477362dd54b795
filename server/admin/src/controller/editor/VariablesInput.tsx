// Edits an object of configuration variables as rows of name and value.
import AddIcon from '@mui/icons-material/Add';
import RemoveIcon from '@mui/icons-material/DeleteOutline';
import { Box, Button, FormHelperText, IconButton, InputBase, Typography } from '@mui/material';
import { useEffect, useRef, useState } from 'react';
import { useInput } from 'react-admin';
import { useText } from '../../design/useText';
import { fromVariables, same, toVariables, type Variable, variablesProblem } from './values';

interface VariablesInputProps {
  source: string;
  label: string;
  help?: string;
  disabled?: boolean;
}

const cell = {
  fontFamily: 'var(--w-mono)',
  fontSize: 13,
  px: 1.25,
  py: 0.5,
  border: 1,
  borderColor: 'divider',
  borderRadius: 1,
  backgroundColor: 'background.paper',
};

/** An input for variables. Values that are not strings are shown, and kept, as JSON. */
export function VariablesInput({ source, label, help, disabled }: VariablesInputProps) {
  const say = useText();
  const rowsNow = useRef<Variable[]>([]);
  const { field, fieldState } = useInput({
    source,
    defaultValue: {},
    validate: () => variablesProblem(rowsNow.current),
    format: (value: unknown) => value,
    parse: (value: unknown) => value,
  });
  const [rows, setRows] = useState<Variable[]>(() => toVariables(field.value));
  rowsNow.current = rows;

  // rows have what the object has not (an empty row, a name twice), so they are replaced only from outside
  useEffect(() => {
    if (!same(fromVariables(rowsNow.current), field.value ?? {})) setRows(toVariables(field.value));
  }, [field.value]);

  const set = (next: Variable[]) => {
    rowsNow.current = next;
    setRows(next);
    field.onChange(fromVariables(next));
  };
  const edit = (index: number, change: Partial<Variable>) =>
    set(rows.map((row, at) => (at === index ? { ...row, ...change } : row)));
  const problem = variablesProblem(rows) ?? fieldState.error?.message;

  return (
    <Box sx={{ width: '100%', mb: 2 }} role="group" aria-label={say(label)}>
      <Typography variant="subtitle2">{say(label)}</Typography>
      {help && (
        <Typography variant="body2" color="text.secondary" sx={{ mb: 1 }}>
          {say(help)}
        </Typography>
      )}
      <Box sx={{ display: 'grid', gap: 0.75 }}>
        {rows.map((row, index) => (
          // a row has no identity of its own: its name is being typed
          <Box key={index} sx={{ display: 'grid', gridTemplateColumns: 'minmax(0,1fr) minmax(0,2fr) auto', gap: 0.75 }}>
            <InputBase
              placeholder={say('name')}
              value={row.name}
              disabled={disabled}
              onChange={(event) => edit(index, { name: event.target.value })}
              inputProps={{ 'aria-label': say('Name of variable %{index}', { index: index + 1 }) }}
              sx={cell}
            />
            <InputBase
              placeholder={say('value')}
              value={row.text}
              disabled={disabled}
              multiline
              maxRows={6}
              onChange={(event) => edit(index, { text: event.target.value })}
              inputProps={{ 'aria-label': say('Value of variable %{name}', { name: row.name || index + 1 }) }}
              sx={cell}
            />
            <IconButton
              size="small"
              aria-label={say('Remove variable %{name}', { name: row.name || index + 1 })}
              disabled={disabled}
              onClick={() => set(rows.filter((_, at) => at !== index))}
            >
              <RemoveIcon fontSize="small" />
            </IconButton>
          </Box>
        ))}
      </Box>
      {!disabled && (
        <Button
          size="small"
          startIcon={<AddIcon />}
          onClick={() => set([...rows, { name: '', text: '', json: false }])}
          sx={{ mt: 0.5 }}
        >
          {say('Add variable')}
        </Button>
      )}
      {problem && <FormHelperText error>{say(problem)}</FormHelperText>}
    </Box>
  );
}
