// What a form needs to know of a JSON Schema: references followed, allOf laid together, and of the branches of a oneOf
// the one that a value means. Nothing is checked here: the server does, and a value that is wrong keeps its form.
import type { JSONObject } from '../../api/types';
import { isObject, same } from './values';

/** A schema without references and allOf at its own level. */
export type Flat = JSONObject;

function follow(schema: JSONObject, root: JSONObject, depth = 0): JSONObject {
  const reference = schema.$ref;
  if (typeof reference !== 'string' || depth > 20) return schema;
  let found: unknown = root;
  for (const part of reference.replace(/^#\//, '').split('/')) found = isObject(found) ? found[part.replace(/~1/g, '/').replace(/~0/g, '~')] : undefined;
  const { $ref: _, ...beside } = schema;
  return isObject(found) ? merge(follow(found, root, depth + 1), beside, root) : {};
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Both schemas as one; of what only one can be, the second wins. */
function merge(first: JSONObject, second: JSONObject, root: JSONObject): JSONObject {
  const next: JSONObject = { ...first, ...second };
  if (isObject(first.properties) && isObject(second.properties)) {
    const properties: JSONObject = { ...first.properties };
    for (const [key, schema] of Object.entries(second.properties)) {
      const before = properties[key];
      properties[key] = isObject(before) && isObject(schema) ? merge(flatten(before, root), flatten(schema, root), root) : schema;
    }
    next.properties = properties;
  }
  if (first.required || second.required) next.required = [...new Set([...list(first.required), ...list(second.required)])];
  if (first.enum && second.enum) {
    next.enum = list(first.enum).filter((value) => list(second.enum).some((other) => same(value, other)));
    if (!second.options) delete next.options;
  }
  if (isObject(first.items) && isObject(second.items)) next.items = merge(flatten(first.items, root), flatten(second.items, root), root);
  return next;
}

/** The schema with references followed and allOf laid together. */
export function flatten(schema: JSONObject, root: JSONObject): Flat {
  let flat = follow(schema, root);
  while (Array.isArray(flat.allOf)) {
    const { allOf, ...own } = flat;
    // the parts first, so that what is said beside them wins
    const parts = list(allOf).filter(isObject).map((part) => flatten(part, root));
    flat = merge(parts.reduce((sum, part) => merge(sum, withoutTitle(part), root), {} as JSONObject), own, root);
  }
  return flat;
}

function withoutTitle(schema: JSONObject): JSONObject {
  const { title: _, description: __, ...rest } = schema;
  return rest;
}

/** The branches of a schema; itself when it has none. */
export function variantsOf(schema: JSONObject, root: JSONObject): Flat[] {
  const flat = flatten(schema, root);
  const branches = list(flat.oneOf ?? flat.anyOf).filter(isObject);
  if (branches.length === 0) return [flat];
  const { oneOf: _, anyOf: __, ...own } = flat;
  return branches.map((branch) => {
    const one = flatten(branch, root);
    return { ...merge(own, one, root), title: one.title ?? own.title };
  });
}

/** The keys that say what kind of thing an object is; they decide for a branch. */
const kinds = ['type', 'proto', 'protocol', 'mode', 'family', 'band'];

function propertiesOf(flat: Flat): Record<string, JSONObject> {
  return isObject(flat.properties) ? (flat.properties as Record<string, JSONObject>) : {};
}

/** The index of the branch a value means: whose kind it has, and which knows most of its keys. */
export function variantOf(variants: Flat[], value: unknown, root: JSONObject): number {
  let best = 0;
  let most = -Infinity;
  variants.forEach((flat, index) => {
    let score = 0;
    if (isObject(value)) {
      if (flat.type !== undefined && flat.type !== 'object') score -= 10_000;
      const properties = propertiesOf(flat);
      for (const [key, inner] of Object.entries(value)) {
        const property = properties[key];
        if (!property) continue;
        const choices = flatten(property, root).enum;
        if (!Array.isArray(choices)) score += 1;
        else if (choices.some((choice) => same(choice, inner))) score += kinds.includes(key) ? 100 : 2;
        else score -= kinds.includes(key) ? 1000 : 2;
      }
    } else if (flat.type === 'object' || flat.properties) score -= 10_000;
    if (score > most) {
      most = score;
      best = index;
    }
  });
  return best;
}

/** A property of an object, as the form shows it. */
export interface Property {
  key: string;
  schema: Flat;
  required: boolean;
}

/** The properties in the order the schema gives them. */
export function propertiesInOrder(flat: Flat, root: JSONObject): Property[] {
  const required = list(flat.required);
  return Object.entries(propertiesOf(flat))
    .map(([key, schema]) => ({ key, schema: flatten(schema, root), required: required.includes(key) }))
    .filter(({ schema }) => !(isObject(schema.options) && schema.options.hidden === true))
    .sort((a, b) => order(a.schema) - order(b.schema));
}

function order(schema: Flat): number {
  return typeof schema.propertyOrder === 'number' ? schema.propertyOrder : 1000;
}

/** The only value a schema accepts; undefined when there are more. */
export function constantOf(schema: Flat): unknown {
  const choices = list(schema.enum);
  return choices.length === 1 ? choices[0] : undefined;
}

/** A value a branch begins with: what can only be one thing, and nothing else. */
export function begin(flat: Flat, root: JSONObject): unknown {
  if (flat.type === 'array') return [];
  if (flat.type !== 'object' && !flat.properties) return flat.type === 'boolean' ? false : '';
  const value: JSONObject = {};
  for (const { key, schema, required } of propertiesInOrder(flat, root)) {
    const only = constantOf(schema);
    if (only !== undefined && (required || kinds.includes(key))) value[key] = only;
    else if (required && kinds.includes(key) && Array.isArray(schema.enum)) value[key] = schema.default ?? schema.enum[0];
    else if (required && isObject(schema) && (schema.type === 'object' || schema.oneOf)) value[key] = begin(variantsOf(schema, root)[0] ?? {}, root);
    else if (required && schema.type === 'array') value[key] = [];
    else if (required && schema.default !== undefined) value[key] = schema.default;
  }
  return value;
}

/** A value as another branch: what both have stays, what only the old one knows goes, what nobody knows stays. */
export function become(value: unknown, from: Flat, to: Flat, root: JSONObject): unknown {
  const fresh = begin(to, root);
  if (!isObject(value) || !isObject(fresh)) return fresh;
  const known = propertiesOf(from);
  const next = propertiesOf(to);
  const kept: JSONObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const property = next[key];
    if (!property) {
      if (!(key in known)) kept[key] = inner;
      continue;
    }
    const choices = flatten(property, root).enum;
    if (!Array.isArray(choices) || choices.some((choice) => same(choice, inner))) kept[key] = inner;
  }
  return { ...fresh, ...kept };
}

/** What something is called: its title in sentence case, or its key. */
export function titleOf(schema: Flat, key: string): string {
  const title = typeof schema.title === 'string' && schema.title !== '' ? schema.title : key.replace(/_/g, ' ');
  return title.charAt(0).toUpperCase() + title.slice(1);
}

/** A place of a document in words: "Interface wlan0 › Encryption › Key". */
export function placeInWords(path: string[], value: unknown, schema: JSONObject | undefined): string {
  const words: string[] = [];
  let here: JSONObject | undefined = schema && flatten(schema, schema);
  let at: unknown = value;
  for (const step of path) {
    if (Array.isArray(at) || (here && here.type === 'array')) {
      at = Array.isArray(at) ? at[Number(step)] : undefined;
      const items: JSONObject = here && isObject(here.items) && schema ? flatten(here.items, schema) : {};
      const name = nameOf(at);
      const title = titleOf(items, '');
      words.pop();
      words.push(`${title || 'Item'} ${name ?? Number(step) + 1}`.trim());
      here = schema && isObject(here?.items) ? chosen(here.items, at, schema) : undefined;
      continue;
    }
    const property = here && propertiesOf(here)[step];
    const flat = property && schema ? flatten(property, schema) : {};
    words.push(titleOf(flat, step));
    at = isObject(at) ? at[step] : undefined;
    here = property && schema ? (flat.type === 'array' ? flat : chosen(property, at, schema)) : undefined;
  }
  return words.join(' › ');
}

function chosen(schema: JSONObject, value: unknown, root: JSONObject): Flat | undefined {
  const variants = variantsOf(schema, root);
  return variants[variantOf(variants, value, root)];
}

/** What an item of a list is known by. */
export function nameOf(item: unknown): string | undefined {
  if (!isObject(item)) return typeof item === 'string' && item !== '' ? item : undefined;
  for (const key of ['name', 'path', 'destination', 'interface', 'id', 'address', 'config_value', 'host']) {
    if (typeof item[key] === 'string' && item[key] !== '') return item[key];
  }
  return undefined;
}

/** The line of a closed card: name, SSID and other things people look for. */
export function summaryOf(item: unknown, variant: Flat): string {
  if (!isObject(item)) return String(item ?? '');
  const wireless = isObject(item.wireless) ? item.wireless : {};
  const encryption = isObject(wireless.encryption) ? wireless.encryption : {};
  const parts = [nameOf(item), titleOf(variant, ''), wireless.ssid ?? wireless.mesh_id, encryption.protocol, wireless.radio, item.channel !== undefined ? `channel ${item.channel === 0 ? 'auto' : item.channel}` : undefined];
  return parts.filter((part) => typeof part === 'string' && part !== '').join(' · ');
}
