// Edits a configuration as a form and as raw JSON; both show the same value at any time.
import { Alert, Box, Button, CircularProgress, FormHelperText, ToggleButton, ToggleButtonGroup, Typography } from '@mui/material';
import { useQuery } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from 'react';
import { useDataProvider, useInput } from 'react-admin';
import type { ControllerProvider } from '../operations';
import { pointerSegments } from '../../api/errors';
import type { JSONObject } from '../../api/types';
import { JSONText } from './JSONText';
import type { PreviewProblem } from './usePreview';
import { formatObject, isObject, parseObject, same } from './values';

const SchemaForm = lazy(() => import('./SchemaForm'));

/** The server's schema document: backend path -> JSON Schema. */
export function useSchemas() {
  const provider = useDataProvider<ControllerProvider>();
  return useQuery({ queryKey: ['schemas'], queryFn: () => provider.schemas(), staleTime: Infinity });
}

interface ConfigEditorProps {
  source: string;
  /** The path of the backend whose schema makes the form. */
  backend: string;
  /** What the preview found wrong; shown at its field. */
  problem?: PreviewProblem;
  disabled?: boolean;
}

/** An input for a NetJSON configuration. */
export function ConfigEditor({ source, backend, problem, disabled }: ConfigEditorProps) {
  const syntax = useRef<string>(undefined);
  const { field, fieldState } = useInput({
    source,
    defaultValue: {},
    validate: () => syntax.current,
    // JSON stays as it is: the defaults turn empty values into null and back
    format: (value: unknown) => value,
    parse: (value: unknown) => value,
  });
  const schemas = useSchemas();
  const schema = schemas.data?.[backend];
  const value = isObject(field.value) ? field.value : {};
  const [mode, setMode] = useState<'form' | 'json'>('form');
  const [text, setText] = useState(() => formatObject(value));
  const [unfit, setUnfit] = useState<string>();
  const parsed = parseObject(text);
  const syntaxProblem = 'problem' in parsed ? parsed.problem : undefined;
  syntax.current = syntaxProblem;

  // what was set from outside (a reset, an answer of the server) replaces the text; one's own typing does not
  const typed = useRef(value);
  useEffect(() => {
    if (same(value, typed.current)) return;
    typed.current = value;
    setText(formatObject(value));
  }, [value]);

  const change = (next: JSONObject) => {
    typed.current = next;
    field.onChange(next);
  };
  const edited = (next: string) => {
    setText(next);
    const result = parseObject(next);
    if ('value' in result) change(result.value);
    else field.onBlur(); // has the form validate, so that a broken text cannot be saved
  };
  const fromForm = (next: JSONObject) => {
    setText(formatObject(next));
    change(next);
  };

  const shownProblem = useMemo(
    () => (problem?.pointer ? { path: pointerSegments(problem.pointer), message: problem.message } : undefined),
    // by identity: each answer of the preview has the form show its problem again
    [problem],
  );
  const asForm = mode === 'form' && schema !== undefined && !unfit && !syntaxProblem;

  return (
    <Box sx={{ width: '100%' }}>
      <Box sx={{ display: 'flex', alignItems: 'center', gap: 1, mb: 1, flexWrap: 'wrap' }}>
        <Typography variant="subtitle2" sx={{ flexGrow: 1 }}>
          Configuration
        </Typography>
        {!asForm && (
          <Button
            size="small"
            disabled={syntaxProblem !== undefined || disabled}
            onClick={() => setText(formatObject(typed.current))}
          >
            Format
          </Button>
        )}
        <ToggleButtonGroup
          exclusive
          size="small"
          value={asForm ? 'form' : 'json'}
          onChange={(_, chosen: 'form' | 'json' | null) => {
            if (!chosen) return;
            setUnfit(undefined);
            setMode(chosen);
          }}
          aria-label="How to edit the configuration"
        >
          <ToggleButton value="form" disabled={schema === undefined || syntaxProblem !== undefined}>
            Form
          </ToggleButton>
          <ToggleButton value="json">JSON</ToggleButton>
        </ToggleButtonGroup>
      </Box>
      {unfit && (
        <Alert severity="info" sx={{ mb: 1 }}>
          The form cannot show all of this configuration ({unfit}), so it is shown as JSON and nothing is lost.
        </Alert>
      )}
      {schemas.isError && (
        <Alert severity="warning" sx={{ mb: 1 }}>
          The form is not available: {schemas.error.message}
        </Alert>
      )}
      {asForm ? (
        <Suspense fallback={<CircularProgress size={24} />}>
          <SchemaForm
            schema={schema}
            value={value}
            onChange={fromForm}
            onUnfit={setUnfit}
            problem={shownProblem}
            disabled={disabled}
          />
          {!disabled && Object.keys(value).length === 0 && (
            <Typography variant="body2" color="text.secondary">
              Nothing here yet: choose what to configure under “Fields…”.
            </Typography>
          )}
        </Suspense>
      ) : (
        <JSONText
          label="Configuration as JSON"
          value={text}
          onChange={edited}
          disabled={disabled}
          problem={syntaxProblem ?? (problem?.pointer ? `${problem.pointer}: ${problem.message}` : undefined)}
        />
      )}
      {fieldState.error?.message && fieldState.error.message !== syntaxProblem && (
        <FormHelperText error>{fieldState.error.message}</FormHelperText>
      )}
    </Box>
  );
}
