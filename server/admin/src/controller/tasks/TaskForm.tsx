// The form of one task: its few fields, and "More" for the rest. What is wrong shows once a field was left.
import { ChevronDown, ChevronRight } from 'lucide-react';
import { useId, useState } from 'react';
import type { JSONObject } from '../../api/types';
import { useSchemas } from '../editor/schemas';
import { type Say, useText } from '../../design/useText';
import { FieldInput } from './FieldInput';
import type { AnyTask, Choice, Field } from './task';
import { inSentence, taskTexts as t } from './texts';

interface TaskFormProps {
  task: AnyTask;
  // biome-ignore lint/suspicious/noExplicitAny: answers are the task's own
  values: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  onChange: (values: any) => void;
  /** Shows what is wrong with fields that nobody has touched, too. */
  strict?: boolean;
  /** What the server found wrong, by field. */
  found?: Record<string, string>;
  backend: string;
  disabled?: boolean;
}

/** The choices a schema has at a pointer, with the titles it gives them. */
function choicesAt(schema: JSONObject | undefined, pointer: string): Choice[] {
  let found: unknown = schema;
  for (const part of pointer.split('/').slice(1)) found = (found as JSONObject | undefined)?.[part];
  const { enum: values, options } = (found ?? {}) as { enum?: unknown[]; options?: { enum_titles?: string[] } };
  return (values ?? []).map((value, index) => ({ value: String(value), label: options?.enum_titles?.[index] ?? String(value) }));
}

function helpOf(field: Field<unknown>, values: unknown): string | undefined {
  return typeof field.help === 'function' ? (field.help as (values: unknown) => string)(values) : field.help;
}

/** What is set below "More", in one line. */
function summary(fields: Field<never>[], values: Record<string, unknown>, say: Say): string {
  return fields
    .map((field) => {
      const value = values[field.name];
      if (field.kind === 'switch') return value ? inSentence(field.label, say) : '';
      if (value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0)) return '';
      const choices = Array.isArray(field.choices) ? field.choices : [];
      const shown = say(choices.find((choice) => choice.value === value)?.label) ?? (Array.isArray(value) ? value.join(', ') : String(value));
      return `${inSentence(field.label, say)} ${shown}`;
    })
    .filter(Boolean)
    .join(', ');
}

/** The form. */
export function TaskForm({ task, values, onChange, strict = false, found = {}, backend, disabled }: TaskFormProps) {
  const say = useText();
  const [left, setLeft] = useState<Set<string>>(() => new Set());
  const [open, setOpen] = useState(false);
  const id = useId();
  const needsSchema = task.fields.some((field) => field.options);
  const schemas = useSchemas(needsSchema);
  const asked = task.fields.filter((field) => field.when?.(values) ?? true);
  const problems: Partial<Record<string, string>> = task.problems(values);
  const further = asked.filter((field) => field.more);
  const hiddenProblem = further.some((field) => (strict || left.has(field.name)) && problems[field.name]);
  const shown = open || hiddenProblem;

  const input = (field: Field<never>) => {
    const choices = field.options ? choicesAt(schemas.data?.[backend], field.options) : typeof field.choices === 'function' ? (field.choices as (values: unknown) => Choice[])(values) : field.choices;
    const own = strict || left.has(field.name) ? problems[field.name] : undefined;
    const key = field.name as string;
    return (
      <FieldInput
        key={key}
        id={`${id}-${key}`}
        label={field.label}
        kind={field.kind}
        value={values[key]}
        onChange={(value) => onChange({ ...values, [key]: value })}
        onBlur={() => setLeft((before) => new Set(before).add(key))}
        problem={own ?? found[key]}
        help={helpOf(field as Field<unknown>, values)}
        placeholder={field.placeholder}
        choices={choices}
        optional={field.optional}
        max={field.max}
        unit={field.unit}
        disabled={disabled}
      />
    );
  };
  return (
    <div className="t-form">
      {asked.filter((field) => !field.more).map(input)}
      {further.length > 0 && (
        <>
          <button type="button" className="t-more" aria-expanded={shown} aria-controls={`${id}-more`} onClick={() => setOpen(!shown)}>
            {shown ? <ChevronDown size={16} /> : <ChevronRight size={16} />}
            <b>{say(t.more)}</b>
            <span className="w-muted w-clip">{summary(further, values, say)}</span>
          </button>
          <div id={`${id}-more`} hidden={!shown}>
            {shown && further.map(input)}
          </div>
        </>
      )}
    </div>
  );
}
