// Edits a configuration as cards of tasks, as a form of all fields and as raw JSON; all show the same value at any time.
import { Button, CircularProgress, FormHelperText, ToggleButton, ToggleButtonGroup } from '@mui/material';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { useInput } from 'react-admin';
import { useFormState } from 'react-hook-form';
import { pointerSegments } from '../../api/errors';
import type { JSONObject } from '../../api/types';
import { Banner } from '../../design/Banner';
import { useText } from '../../design/useText';
import { partsOf } from '../tasks/gallery';
import { TaskCards } from '../tasks/TaskCards';
import { JSONText } from './JSONText';
import { useSchemas } from './schemas';
import { fieldID } from './ids';
import { placeInWords } from './shape';
import { editorTexts as t } from './texts';
import type { PreviewProblem } from './usePreview';
import { formatObject, isObject, parseObject, same, valueAt } from './values';
import './form.css';

const SchemaForm = lazy(() => import('./SchemaForm'));

export { useSchemas };

interface ConfigEditorProps {
  source: string;
  /** The path of the backend whose schema makes the form. */
  backend: string;
  /** What the preview found wrong; shown at its field. */
  problem?: PreviewProblem;
  disabled?: boolean;
}

type Mode = 'cards' | 'form' | 'json';

/** Backends whose configuration the tasks know how to write. */
const withTasks = /\.(OpenWrt|OpenWisp)$/;

/** An input for a NetJSON configuration. */
export function ConfigEditor({ source, backend, problem, disabled }: ConfigEditorProps) {
  const say = useText();
  const syntax = useRef<string>(undefined);
  const holder = useRef<HTMLDivElement>(null);
  const { field, fieldState } = useInput({
    source,
    defaultValue: {},
    validate: () => syntax.current,
    // JSON stays as it is: the defaults turn empty values into null and back
    format: (value: unknown) => value,
    parse: (value: unknown) => value,
  });
  const { submitCount } = useFormState();
  const value = isObject(field.value) ? field.value : {};
  const tasks = withTasks.test(backend);
  const [chosen, setMode] = useState<Mode>(() => (tasks && (Object.keys(value).length === 0 || partsOf(value).parts.length > 0) ? 'cards' : 'form'));
  const mode = chosen === 'cards' && !tasks ? 'form' : chosen;
  // places are told in the words of the schema, so it is needed for those too
  const schemas = useSchemas(mode === 'form' || mode === 'json' || problem !== undefined);
  const schema = schemas.data?.[backend];
  const [text, setText] = useState(() => formatObject(value));
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

  const strict = submitCount > 0;
  const places = (problem?.places ?? []).map(({ pointer, message, source: from }) => ({ path: pointerSegments(pointer), message, from }));
  const own = places.filter(({ from }) => from === '');
  // what nobody has filled in yet is no mistake of theirs
  const shown = places.filter(({ path, from }) => from !== '' || strict || valueAt(value, path) !== undefined);
  const asJSON = mode === 'json' || syntaxProblem !== undefined || (mode === 'form' && schemas.isError);
  const unknown = asJSON && schema && isObject(schema.properties) ? Object.keys(value).filter((key) => key !== 'type' && !(key in (schema.properties as JSONObject)) && !Array.isArray(value[key])) : [];

  const lead = (path: string[]) => {
    const element = document.getElementById(fieldID(path)) ?? holder.current?.querySelector<HTMLElement>('[aria-invalid=true], textarea');
    element?.scrollIntoView({ block: 'center' });
    element?.focus();
  };

  return (
    <div className="f-holder" ref={holder}>
      <div className="f-bar">
        <h3>{say(t.title)}</h3>
        {asJSON && (
          <Button size="small" disabled={syntaxProblem !== undefined || disabled} onClick={() => setText(formatObject(typed.current))}>
            {say(t.format)}
          </Button>
        )}
        <ToggleButtonGroup exclusive size="small" value={asJSON ? 'json' : mode} onChange={(_, next: Mode | null) => next && setMode(next)} aria-label={say(t.how)}>
          {tasks && (
            <ToggleButton value="cards" disabled={syntaxProblem !== undefined}>
              {say(t.cards)}
            </ToggleButton>
          )}
          <ToggleButton value="form" disabled={syntaxProblem !== undefined}>
            {say(t.form)}
          </ToggleButton>
          <ToggleButton value="json">{t.json}</ToggleButton>
        </ToggleButtonGroup>
      </div>
      {shown.length > 0 && (
        <Banner status="critical" title={say(t.problems, { smart_count: shown.length })}>
          <ul className="f-problems">
            {shown.map(({ path, message, from }) => (
              <li key={`${from} ${path.join('/')} ${message}`}>
                {from === '' ? (
                  <button type="button" className="w-link" onClick={() => lead(path)}>
                    {placeInWords(path, value, schema)}
                  </button>
                ) : (
                  <span>
                    {placeInWords(path, undefined, schema)}, {say(t.from, { source: from })}
                  </span>
                )}
                : {message}
              </li>
            ))}
          </ul>
        </Banner>
      )}
      {mode === 'form' && schemas.isError && <p className="t-help t-wrong">{say(t.unavailable, { reason: schemas.error.message })}</p>}
      {unknown.length > 0 && <p className="t-help">{say(t.unknown, { names: unknown.join(', '), smart_count: unknown.length })}</p>}
      {asJSON ? (
        <JSONText
          label="Configuration as JSON"
          value={text}
          onChange={edited}
          disabled={disabled}
          problem={syntaxProblem ?? (own.length > 0 ? own.map(({ path, message }) => `${placeInWords(path, value, schema)}: ${message}`).join('\n') : undefined)}
        />
      ) : mode === 'cards' ? (
        <TaskCards value={value} onChange={fromForm} backend={backend} problems={own} disabled={disabled} />
      ) : schema ? (
        <Suspense fallback={<CircularProgress size={24} />}>
          <SchemaForm schema={schema} value={value} onChange={fromForm} problems={own} strict={strict} disabled={disabled} />
        </Suspense>
      ) : (
        <CircularProgress size={24} />
      )}
      {fieldState.error?.message && fieldState.error.message !== syntaxProblem && shown.length === 0 && <FormHelperText error>{fieldState.error.message}</FormHelperText>}
    </div>
  );
}
