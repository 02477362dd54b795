// The form of a whole configuration, made from the backend's JSON Schema: a section for each part, a card for each item
// of a list, every field of the kind it is. Values are changed where they stand, so what the form does not know stays.
import { Button, IconButton } from '@mui/material';
import { ArrowDown, ArrowUp, ChevronDown, ChevronRight, Plus, Trash2 } from 'lucide-react';
import { createContext, useContext, useState } from 'react';
import type { JSONObject } from '../../api/types';
import { StatusShape } from '../../design/Status';
import { useText } from '../../design/useText';
import { FieldInput } from '../tasks/FieldInput';
import type { Choice, FieldKind } from '../tasks/task';
import { fieldID } from './ids';
import { editorTexts as t } from './texts';
import { become, begin, constantOf, type Flat, propertiesInOrder, summaryOf, titleOf, variantOf, variantsOf } from './shape';
import { isObject, same } from './values';
import '../tasks/tasks.css';
import './form.css';

/** Something wrong at a place. */
export interface Problem {
  path: string[];
  message: string;
}

export interface SchemaFormProps {
  schema: JSONObject;
  value: JSONObject;
  onChange: (value: JSONObject) => void;
  problems?: Problem[];
  /** Tells what is wrong with fields that nobody has touched, too. */
  strict?: boolean;
  disabled?: boolean;
}

interface FormState {
  root: JSONObject;
  problems: Problem[];
  strict: boolean;
  disabled: boolean;
  /** Places of fields that were left: before that, an empty one is nobody's mistake. */
  left: Set<string>;
  leave: (place: string) => void;
}

const Form = createContext<FormState>({ root: {}, problems: [], strict: false, disabled: false, left: new Set(), leave: () => undefined });

/** The form. */
export default function SchemaForm({ schema, value, onChange, problems = [], strict = false, disabled = false }: SchemaFormProps) {
  const say = useText();
  const [left, setLeft] = useState<Set<string>>(() => new Set());
  const leave = (place: string) => setLeft((before) => (before.has(place) ? before : new Set(before).add(place)));
  const flat = variantsOf(schema, schema)[0] ?? {};
  const known = propertiesInOrder(flat, schema);
  const others = Object.keys(value).filter((key) => !known.some((one) => one.key === key));
  return (
    <Form value={{ root: schema, problems, strict, disabled, left, leave }}>
      <div className="f-form" data-testid="schema-form">
        {known.map(({ key, schema: inner }) => (
          <Section key={key} name={key} schema={inner} value={value[key]} onChange={(next) => onChange(withKey(value, key, next))} />
        ))}
        {others.length > 0 && <p className="w-small w-muted">{say(t.others, { names: others.join(', ') })}</p>}
      </div>
    </Form>
  );
}

/** The object with a value at a key; without the key when there is none. */
function withKey(value: unknown, key: string, next: unknown): JSONObject {
  const object: JSONObject = isObject(value) ? { ...value } : {};
  if (next === undefined) delete object[key];
  else object[key] = next;
  return object;
}

function count(value: unknown): number {
  return Array.isArray(value) ? value.length : isObject(value) ? Object.keys(value).length : value === undefined ? 0 : 1;
}

function useProblemsBelow(path: string[]): Problem[] {
  const { problems } = useContext(Form);
  return problems.filter((problem) => path.every((step, index) => problem.path[index] === step));
}

/** A part of the document: its name and how much is in it, opened to change it. */
function Section({ name, schema, value, onChange }: { name: string; schema: Flat; value: unknown; onChange: (value: unknown) => void }) {
  const say = useText();
  const [open, setOpen] = useState(false);
  const below = useProblemsBelow([name]);
  const shown = open || below.length > 0;
  const many = count(value);
  return (
    <section className="f-section" aria-label={titleOf(schema, name)}>
      <button type="button" className="f-head" aria-expanded={shown} onClick={() => setOpen(!shown)}>
        {shown ? <ChevronDown size={16} /> : <ChevronRight size={16} />}
        <b>{titleOf(schema, name)}</b>
        <span className="w-small w-muted">{many > 0 ? many : say(t.notSet)}</span>
        {below.length > 0 && <StatusShape status="critical" />}
      </button>
      {shown && (
        <div className="f-body">
          <Value path={[name]} schema={schema} value={value} onChange={onChange} bare />
        </div>
      )}
    </section>
  );
}

interface ValueProps {
  path: string[];
  schema: Flat;
  value: unknown;
  onChange: (value: unknown) => void;
  required?: boolean;
  /** Without a heading: what is around has it. */
  bare?: boolean;
}

/** Whatever a schema describes. */
function Value(props: ValueProps) {
  const { root } = useContext(Form);
  const { schema } = props;
  const variants = variantsOf(schema, root);
  const index = variants.length > 1 ? variantOf(variants, props.value, root) : 0;
  const flat = variants[index] ?? {};
  if (flat.type === 'array' || Array.isArray(props.value)) return <List {...props} schema={flat} />;
  if (flat.type === 'object' || isObject(flat.properties)) return <Properties {...props} variants={variants} index={index} />;
  return <Leaf {...props} schema={flat} />;
}

/** The fields of an object, and which kind it is when there are several. */
function Properties({ path, schema, value, onChange, bare, variants, index }: ValueProps & { variants: Flat[]; index: number }) {
  const say = useText();
  const { root, disabled } = useContext(Form);
  const flat = variants[index] ?? {};
  const object = isObject(value) ? value : {};
  const properties = propertiesInOrder(flat, root);
  const others = Object.keys(object).filter((key) => !properties.some((one) => one.key === key));
  const title = titleOf(schema, path[path.length - 1] ?? '');
  const kind = variants.length > 1 && (
    <FieldInput
      id={`${fieldID(path)}-kind`}
      label={bare ? say(t.kind) : title}
      kind="choice"
      value={value === undefined && !bare ? '' : String(index)}
      choices={variants.map((variant, n) => ({ value: String(n), label: titleOf(variant, kindOf(variant)) }))}
      optional={!bare}
      onChange={(next) => onChange(next === '' ? undefined : value === undefined ? begin(variants[Number(next)] ?? {}, root) : become(value, flat, variants[Number(next)] ?? {}, root))}
      disabled={disabled}
    />
  );
  const fields = (
    <div className="f-fields">
      {properties.map(({ key, schema: inner, required }) => {
        // the kind says it already
        if (variants.length > 1 && constantOf(inner) !== undefined && (object[key] === undefined || same(object[key], constantOf(inner)))) return null;
        return <Value key={key} path={[...path, key]} schema={inner} value={object[key]} onChange={(next) => onChange(withKey(object, key, next))} required={required} />;
      })}
      {others.length > 0 && <p className="w-small w-muted f-wide">{say(t.others, { names: others.join(', ') })}</p>}
    </div>
  );
  if (bare) {
    return (
      <>
        {kind}
        {fields}
      </>
    );
  }
  return (
    <div className="f-group f-wide" role="group" aria-label={title}>
      {kind || <h4>{title}</h4>}
      {(value !== undefined || !kind) && fields}
    </div>
  );
}

function kindOf(variant: Flat): string {
  const properties = isObject(variant.properties) ? (variant.properties as Record<string, JSONObject>) : {};
  for (const key of ['type', 'proto', 'protocol', 'mode']) {
    const choices = properties[key]?.enum;
    if (Array.isArray(choices)) return choices.map(String).join(', ');
  }
  return t.other;
}

/** A list: texts one per line, anything else as cards. */
function List({ path, schema, value, onChange, bare }: ValueProps) {
  const say = useText();
  const { root, disabled, problems } = useContext(Form);
  const list: unknown[] = Array.isArray(value) ? value : [];
  const items = isObject(schema.items) ? schema.items : {};
  const variants = variantsOf(items, root);
  const plain = variants.length === 1 && !['object', 'array'].includes(String(variants[0]?.type)) && !isObject(variants[0]?.properties) && list.every((item) => typeof item === 'string');
  const title = titleOf(schema, path[path.length - 1] ?? '');
  const set = (next: unknown[]) => onChange(next.length === 0 ? undefined : next);
  if (plain) {
    const wrong = problems.find((problem) => path.every((step, n) => problem.path[n] === step));
    return (
      <div className="f-wide">
        <FieldInput id={fieldID(path)} label={title} kind="lines" value={list} onChange={(next) => set(next as unknown[])} problem={wrong?.message} help={helpOf(schema) ?? t.lines} disabled={disabled} />
      </div>
    );
  }
  const name = titleOf(variants.length === 1 ? (variants[0] ?? {}) : items, say(t.item));
  return (
    <div className="f-wide" role="group" aria-label={title}>
      {!bare && <h4>{title}</h4>}
      <div className="f-items">
        {list.map((item, index) => (
          // items have no identity of their own: their names are being typed
          <Item
            key={index}
            path={[...path, String(index)]}
            variants={variants}
            schema={items}
            value={item}
            last={index === list.length - 1}
            onChange={(next) => set(list.map((old, at) => (at === index ? next : old)))}
            onRemove={() => set(list.filter((_, at) => at !== index))}
            onMove={(by) => set(moved(list, index, index + by))}
          />
        ))}
      </div>
      {!disabled && (
        <Button size="small" variant="outlined" startIcon={<Plus size={16} />} onClick={() => onChange([...list, begin(variants[0] ?? {}, root)])}>
          {say(t.add, { name: name.charAt(0).toLowerCase() + name.slice(1) })}
        </Button>
      )}
    </div>
  );
}

function moved(list: unknown[], from: number, to: number): unknown[] {
  const next = [...list];
  const [item] = next.splice(from, 1);
  next.splice(to, 0, item);
  return next;
}

interface ItemProps {
  path: string[];
  variants: Flat[];
  schema: Flat;
  value: unknown;
  last: boolean;
  onChange: (value: unknown) => void;
  onRemove: () => void;
  onMove: (by: number) => void;
}

/** An item of a list as a card. A new one, that has no name yet, is open. */
function Item({ path, variants, schema, value, last, onChange, onRemove, onMove }: ItemProps) {
  const say = useText();
  const { root, disabled } = useContext(Form);
  const below = useProblemsBelow(path);
  const variant = variants[variants.length > 1 ? variantOf(variants, value, root) : 0] ?? {};
  const summary = summaryOf(value, variant);
  const unnamed = isObject(value) && !['name', 'path', 'destination', 'interface', 'address'].some((key) => value[key]);
  const [open, setOpen] = useState(unnamed);
  const shown = open || below.length > 0;
  const first = path[path.length - 1] === '0';
  return (
    <section className="t-card" aria-label={summary}>
      <header>
        <button type="button" className="t-card-head" aria-expanded={shown} onClick={() => setOpen(!shown)}>
          {shown ? <ChevronDown size={16} /> : <ChevronRight size={16} />}
          <span className="w-clip">{summary || say(t.item)}</span>
          {below.length > 0 && <StatusShape status="critical" />}
        </button>
        {!disabled && (
          <>
            {!(first && last) && (
              <>
                <IconButton size="small" aria-label={say(t.up, { name: summary })} disabled={first} onClick={() => onMove(-1)}>
                  <ArrowUp size={16} />
                </IconButton>
                <IconButton size="small" aria-label={say(t.down, { name: summary })} disabled={last} onClick={() => onMove(1)}>
                  <ArrowDown size={16} />
                </IconButton>
              </>
            )}
            <IconButton size="small" aria-label={say(t.remove, { name: summary })} onClick={onRemove}>
              <Trash2 size={16} />
            </IconButton>
          </>
        )}
      </header>
      {shown && (
        <div className="t-card-body">
          <Value path={path} schema={schema} value={value} onChange={onChange} bare />
        </div>
      )}
    </section>
  );
}

function helpOf(schema: Flat): string | undefined {
  return typeof schema.description === 'string' && schema.description !== '' ? sentence(schema.description) : undefined;
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const secrets = /(^|_)(key|password|secret|pwd|pin)$/;

function kindOfField(key: string, schema: Flat): FieldKind {
  if (Array.isArray(schema.enum)) return 'choice';
  if (schema.format === 'textarea') return 'code';
  switch (schema.type) {
    case 'boolean':
      return 'switch';
    case 'integer':
    case 'number':
      return 'number';
  }
  return secrets.test(key) && !key.startsWith('public') ? 'secret' : 'text';
}

function choicesOf(schema: Flat): Choice[] {
  const titles = isObject(schema.options) && Array.isArray(schema.options.enum_titles) ? schema.options.enum_titles : [];
  return (Array.isArray(schema.enum) ? schema.enum : []).map((value, index) => ({ value: JSON.stringify(value), label: String(titles[index] ?? value) }));
}

/** A field of one value. */
function Leaf({ path, schema, value, onChange, required }: ValueProps) {
  const say = useText();
  const { problems, strict, disabled, left, leave } = useContext(Form);
  const key = path[path.length - 1] ?? '';
  const place = path.join('/');
  const kind = kindOfField(key, schema);
  const found = problems.find((problem) => problem.path.join('/') === place);
  // nobody is told off for a field that nobody has reached yet
  const problem = found && (strict || value !== undefined || left.has(place)) ? found.message : undefined;
  const shownByDefault = schema.default !== undefined && kind !== 'switch' && kind !== 'choice' ? String(schema.default) : undefined;
  if (value !== undefined && typeof value === 'object' && value !== null) return <p className="w-small w-muted f-wide">{say(t.asJSON, { name: titleOf(schema, key) })}</p>;
  const choice = kind === 'choice';
  return (
    <div className={kind === 'code' ? 'f-wide' : undefined}>
      <FieldInput
        id={fieldID(path)}
        label={titleOf(schema, key)}
        kind={kind}
        value={choice ? (value === undefined ? '' : JSON.stringify(value)) : kind === 'switch' ? value === true || (value === undefined && schema.default === true) : (value ?? '')}
        onChange={(next) => onChange(choice ? (next === '' ? undefined : JSON.parse(String(next))) : next === '' || next === null ? undefined : next)}
        onBlur={() => leave(place)}
        problem={problem}
        help={helpOf(schema)}
        placeholder={shownByDefault}
        choices={choice ? choicesOf(schema) : undefined}
        optional={!required && kind !== 'switch'}
        disabled={disabled}
      />
    </div>
  );
}
