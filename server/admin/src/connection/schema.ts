// What the small forms of connectors and commands need of JSON Schemas: kinds, fields, and a value to begin with.
import type { JSONObject } from '../api/types';

/** One kind of an object: SSH with a password, SSH with a key. */
export interface Kind {
  title: string;
  schema: JSONObject;
}

/** A field of an object. */
export interface SchemaField {
  name: string;
  label: string;
  help?: string;
  type: 'text' | 'lines' | 'number' | 'yesno' | 'choice';
  choices: string[];
  required: boolean;
  secret: boolean;
  least?: number;
  most?: number;
  default?: unknown;
}

const object = (value: unknown): JSONObject => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JSONObject) : {});
const number = (value: unknown) => (typeof value === 'number' ? value : undefined);

/** Follows a reference within the document. */
function resolved(root: JSONObject, schema: JSONObject): JSONObject {
  const ref = schema.$ref;
  if (typeof ref !== 'string' || !ref.startsWith('#/')) return schema;
  let at: unknown = root;
  for (const step of ref.slice(2).split('/')) at = object(at)[step];
  const { $ref: _, ...own } = schema;
  return { ...object(at), ...own };
}

/** The kinds of an object: the branches of its oneOf, or itself. */
export function kindsOf(schema: JSONObject): Kind[] {
  const branches = Array.isArray(schema.oneOf) ? schema.oneOf.map(object) : [schema];
  return branches.map((branch, index) => ({ title: typeof branch.title === 'string' ? branch.title : `Kind ${index + 1}`, schema: branch }));
}

/** The kind that a value is of: the first one that knows all its keys. */
export function kindOf(kinds: Kind[], value: JSONObject): number {
  const keys = Object.keys(value);
  const found = kinds.findIndex(({ schema }) => keys.length > 0 && keys.every((key) => key in object(schema.properties)));
  return Math.max(found, 0);
}

/** The fields of an object, in their order. */
export function fieldsOf(schema: JSONObject, root: JSONObject = schema): SchemaField[] {
  const required = Array.isArray(schema.required) ? schema.required : [];
  return Object.entries(object(schema.properties)).map(([name, raw]) => {
    const field = resolved(root, object(raw));
    const choices = Array.isArray(field.enum) ? field.enum.map(String) : [];
    const type = field.type;
    return {
      name,
      label: typeof field.title === 'string' ? field.title : name,
      help: typeof field.description === 'string' ? field.description : undefined,
      type: choices.length > 0 ? 'choice' : type === 'boolean' ? 'yesno' : type === 'integer' || type === 'number' ? 'number' : field.format === 'textarea' ? 'lines' : 'text',
      choices,
      required: required.includes(name),
      secret: field.writeOnly === true || /password|passphrase|secret|community|^key$/.test(name),
      least: number(field.minimum),
      most: number(field.maximum),
      default: field.default,
    };
  });
}

/** What an object of a schema begins with: its defaults. */
export function beginning(schema: JSONObject): JSONObject {
  const value: JSONObject = {};
  for (const field of fieldsOf(schema)) if (field.default !== undefined) value[field.name] = field.default as JSONObject[string];
  return value;
}

/** The value with another one in a field; an empty one that is not required is left out. */
export function withField(value: JSONObject, field: SchemaField, next: unknown): JSONObject {
  const { [field.name]: _, ...rest } = value;
  if ((next === '' || next === undefined) && !field.required) return rest;
  return { ...value, [field.name]: next as JSONObject[string] };
}

/** The value of another kind: what both know stays. */
export function become(kind: Kind, value: JSONObject): JSONObject {
  const known = fieldsOf(kind.schema).map(({ name }) => name);
  return { ...beginning(kind.schema), ...Object.fromEntries(Object.entries(value).filter(([key]) => known.includes(key))) };
}

/** Whether a command takes no input. */
export function takesNothing(schema: JSONObject): boolean {
  return schema.type === 'null' || Object.keys(object(schema.properties)).length === 0;
}
