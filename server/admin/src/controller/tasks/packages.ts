// Tasks over packages of OpenWrt that NetJSON has no words for: lists of sections with config_name and config_value.
import type { JSONObject } from '../../api/types';
import { items, merged, objects, text, withItem } from './parts';

/** The sections of a type in a package, with their indexes. */
export function sections(config: JSONObject, name: string, type: string): [number, JSONObject][] {
  return objects(config, name).filter(([, item]) => item.config_name === type);
}

/** A section's name as OpenWrt takes it: letters, digits and _. */
export function sectionName(...parts: string[]): string {
  return parts.join('_').normalize('NFKD').toLowerCase().replace(/[^a-z0-9]+/g, '_').replace(/^_+|_+$/g, '');
}

/** The document with a section written over the one at an index, or added. A section that is there keeps its name. */
export function withSection(config: JSONObject, name: string, index: number | undefined, type: string, called: string, options: JSONObject): JSONObject {
  const old = index === undefined ? undefined : (items(config, name)[index] as JSONObject | undefined);
  return withItem(config, name, index, merged(old, { config_name: type, config_value: (old && text(old, 'config_value')) || called, ...options }));
}
