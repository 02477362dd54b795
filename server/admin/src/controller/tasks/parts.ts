// How tasks read and write parts of a NetJSON document without touching the rest.
import type { JSONObject } from '../../api/types';
import { isObject } from './json';
import type { Place } from './task';

/** The items of a top-level list; none when there is no such list. */
export function items(config: JSONObject, list: string): unknown[] {
  const found = config[list];
  return Array.isArray(found) ? found : [];
}

/** The objects of a top-level list with their indexes. */
export function objects(config: JSONObject, list: string): [number, JSONObject][] {
  return items(config, list).flatMap((item, index) => (isObject(item) ? [[index, item] as [number, JSONObject]] : []));
}

/** before with the keys of change over it; a key that is undefined in change goes. */
export function merged(before: unknown, change: JSONObject): JSONObject {
  const next: JSONObject = isObject(before) ? { ...before } : {};
  for (const [key, value] of Object.entries(change)) {
    if (value === undefined) delete next[key];
    else next[key] = value;
  }
  return next;
}

/** The document with one top-level key replaced; an empty list or object goes. */
export function withKey(config: JSONObject, key: string, value: unknown): JSONObject {
  const empty = value === undefined || (Array.isArray(value) && value.length === 0) || (isObject(value) && Object.keys(value).length === 0);
  return merged(config, { [key]: empty ? undefined : value });
}

/** The document with an item put at an index of a list, or after its last item. */
export function withItem(config: JSONObject, list: string, index: number | undefined, item: JSONObject): JSONObject {
  const next = [...items(config, list)];
  if (index === undefined || index >= next.length) next.push(item);
  else next[index] = item;
  return { ...config, [list]: next };
}

/**
 * The document with the items of a list at some indexes replaced by others: the first ones take their places, what is
 * left over follows the last of them, and what is not replaced goes.
 */
export function withItems(config: JSONObject, list: string, at: number[], next: JSONObject[]): JSONObject {
  const all = [...items(config, list)];
  const out: unknown[] = [];
  const rest = [...next];
  const last = at.length > 0 ? Math.max(...at) : all.length - 1;
  all.forEach((item, index) => {
    if (!at.includes(index)) out.push(item);
    else if (rest.length > 0) out.push(rest.shift());
    if (index === last) out.push(...rest.splice(0));
  });
  out.push(...rest);
  return withKey(config, list, out);
}

/** The document without what is at a place. */
export function without(config: JSONObject, at: Place): JSONObject {
  let next = config;
  for (const [path, indexes] of Object.entries(at)) {
    const [key = '', inner] = path.split('.');
    if (inner !== undefined) next = withKey(next, key, merged(next[key], { [inner]: undefined }));
    else next = indexes.length > 0 ? withItems(next, key, indexes, []) : withKey(next, key, undefined);
  }
  return next;
}

/** A text of an object; '' when there is none. Numbers read as text: raw UCI and variables have them so. */
export function text(object: JSONObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

/** A list of texts; a single text is a list of one. */
export function texts(object: JSONObject, key: string): string[] {
  const value = object[key];
  if (Array.isArray(value)) return value.filter((item): item is string => typeof item === 'string');
  return typeof value === 'string' && value !== '' ? [value] : [];
}

/** A number of an object, a given one when there is none. */
export function number(object: JSONObject, key: string, otherwise: number): number {
  const value = object[key];
  return typeof value === 'number' ? value : otherwise;
}

/** Whether every key's value may be shown by a field for texts: a number or text, or nothing. */
export function plain(object: JSONObject, keys: string[]): boolean {
  return keys.every((key) => object[key] === undefined || typeof object[key] === 'string' || typeof object[key] === 'number');
}

/** A text, or nothing instead of an empty one: empty texts are not written. */
export function filled(value: string): string | undefined {
  return value === '' ? undefined : value;
}
