// A form made from a JSON Schema, by json-editor. Loaded only when a configuration is edited.
import { type EditorError, JSONEditor } from '@json-editor/json-editor';
import { Box } from '@mui/material';
import { useEffect, useRef } from 'react';
import type { JSONObject } from '../../api/types';
import { schemaFormStyles } from './schemaFormStyles';
import { missingFrom, orderLike, same, valueAt } from './values';

/** An error the server found, at the path it names. */
export interface Problem {
  path: string[];
  message: string;
}

export interface SchemaFormProps {
  schema: JSONObject;
  value: JSONObject;
  onChange(value: JSONObject): void;
  /** Called with the path of what the form cannot show, when there is such a thing. */
  onUnfit(path: string): void;
  problem?: Problem;
  disabled?: boolean;
}

// The names of the form's buttons, shorter and plainer than the library's.
Object.assign(JSONEditor.defaults.languages.en, {
  button_object_properties: 'Fields…',
  button_properties: 'Fields…',
  button_delete_row_title: 'Remove',
  button_add_row_title: 'Add {{0}}',
  button_collapse: 'Fold',
  button_expand: 'Unfold',
});

/** json-editor's name of a path: root.interfaces.0.name. */
function editorPath(path: string[]): string {
  return ['root', ...path].join('.');
}

/**
 * Shows what the server found wrong at its field. The form's own checks know nothing of variables ("{{ mtu }}" is no
 * number yet) nor of templates, so they only add detail below the place the server names. An error may name something
 * that has no field (a missing property): then it is shown at the nearest field around.
 */
function showProblem(editor: JSONEditor, problem: Problem | undefined) {
  let errors: EditorError[] = [];
  if (problem) {
    const path = [...problem.path];
    while (path.length > 0 && !editor.getEditor(editorPath(path))) path.pop();
    const at = editorPath(path);
    const value = editor.getValue();
    errors = editor
      .validate()
      .filter((error) => error.path.startsWith(`${at}.`) && !hasVariable(valueAt(value, fieldPath(error.path))));
    errors.push({ path: at, property: 'server', message: problem.message });
  }
  // the form clears all errors at each change, being told to show none
  editor.options.show_errors = 'always';
  editor.root?.showValidationErrors(errors);
  editor.options.show_errors = 'never';
}

// Browsers cut a text at the longest length of the value, but a variable's name may be longer than its value.
function allowVariables(form: HTMLElement) {
  for (const input of form.querySelectorAll('[maxlength], [pattern]')) {
    input.removeAttribute('maxlength');
    input.removeAttribute('pattern');
  }
}

/** The path of json-editor's name of a field, which also tells the alternative a value was checked against. */
function fieldPath(name: string): string[] {
  return name.replace(/\.(oneOf|anyOf|allOf)\[\d+\]/g, '').split('.').slice(1);
}

function hasVariable(value: unknown): boolean {
  return typeof value === 'string' && value.includes('{{');
}

/** The form. The value is the author's; what the form adds of its own is handed on only once something is edited. */
export default function SchemaForm({ schema, value, onChange, onUnfit, problem, disabled }: SchemaFormProps) {
  const holder = useRef<HTMLDivElement>(null);
  const editor = useRef<JSONEditor>(undefined);
  // what the form shows when nobody has edited anything since the value was put into it
  const untouched = useRef('');
  const current = useRef(value);
  const callbacks = useRef({ onChange, onUnfit, problem });
  callbacks.current = { onChange, onUnfit, problem };

  useEffect(() => {
    const form = holder.current;
    if (!form) return undefined;
    const made = new JSONEditor(form, {
      schema: { ...schema, title: schema.title ?? 'Configuration' },
      startval: current.current,
      theme: 'html',
      iconlib: undefined,
      ajax: false,
      disable_edit_json: true,
      disable_array_delete_last_row: true,
      disable_array_delete_all_rows: true,
      display_required_only: true,
      no_additional_properties: false,
      keep_oneof_values: false,
      show_errors: 'never',
      prompt_before_delete: false,
    });
    let alive = true;
    const settle = () => {
      untouched.current = JSON.stringify(made.getValue());
      const missing = missingFrom(made.getValue(), current.current);
      if (missing) callbacks.current.onUnfit(missing);
    };
    made.on('ready', () => {
      if (!alive) return;
      editor.current = made;
      settle();
      allowVariables(form);
      if (disabled) made.disable();
      showProblem(made, callbacks.current.problem);
      made.on('change', () => {
        if (!alive) return;
        allowVariables(form);
        const shown = made.getValue() as JSONObject;
        const text = JSON.stringify(shown);
        if (text === untouched.current) return;
        untouched.current = text;
        const next = orderLike(shown, current.current) as JSONObject;
        if (same(next, current.current)) return;
        current.current = next;
        callbacks.current.onChange(next);
      });
    });
    return () => {
      alive = false;
      editor.current = undefined;
      made.destroy();
    };
  }, [schema, disabled]);

  useEffect(() => {
    if (same(value, current.current)) return;
    current.current = value;
    const made = editor.current;
    if (!made) return;
    made.setValue(value);
    untouched.current = JSON.stringify(made.getValue());
    const missing = missingFrom(made.getValue(), value);
    if (missing) callbacks.current.onUnfit(missing);
  }, [value]);

  useEffect(() => {
    if (editor.current) showProblem(editor.current, problem);
  }, [problem]);

  return <Box ref={holder} sx={schemaFormStyles} data-testid="schema-form" />;
}
