// All tasks, and what a document is made of in their words.
import type { JSONObject } from '../../api/types';
import { bridge, vlan } from './bridge';
import { dhcp } from './dhcp';
import { cron, file, keys, password } from './files';
import { forward } from './forward';
import { guest } from './guest';
import { isObject } from './json';
import { led } from './led';
import { mesh } from './mesh';
import { port } from './port';
import { radio } from './radio';
import { route } from './route';
import { dns, log, time } from './system';
import type { AnyTask, Area, Found, Place } from './task';
import { uci } from './uci';
import { wifi } from './wifi';
import { wireguard } from './wireguard';
import { zerotier } from './zerotier';

/** The tasks as the gallery shows them. */
export const tasks: AnyTask[] = [
  wifi, guest, radio, mesh,
  port, bridge, vlan, dhcp, dns, route, forward, wireguard, zerotier,
  time, keys, password, file, cron, log, led,
  uci,
];

export const areas: { id: Area; title: string }[] = [
  { id: 'wireless', title: 'Wireless' },
  { id: 'network', title: 'Network' },
  { id: 'system', title: 'System' },
  { id: 'other', title: 'Anything else' },
];

/** The tasks that fit a search: every word of it begins a word of the task. */
export function search(query: string, say: (text: string) => string = (text) => text): AnyTask[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  return tasks.filter((one) => {
    const words = `${one.title} ${one.about} ${one.words} ${say(one.title)} ${say(one.about)}`.toLowerCase().split(/[^\p{L}\p{N}.]+/u);
    return wanted.every((part) => words.some((word) => word.startsWith(part)));
  });
}

export function taskOf(id: string): AnyTask | undefined {
  return tasks.find((one) => one.id === id);
}

/** A part of a document that a task shows. */
export interface Part extends Found<unknown> {
  task: AnyTask;
}

/** What of a place is taken: "interfaces 2", or "ntp" for a whole top-level value. */
function marks(at: Place): string[] {
  return Object.entries(at).flatMap(([key, indexes]) => (indexes.length === 0 ? [key] : indexes.map((index) => `${key} ${index}`)));
}

/** Tasks that read what others could read too are asked first: those with a meaning of their own before plain ones. */
const order: AnyTask[] = [guest, ...tasks.filter((one) => one !== guest && !one.last), ...tasks.filter((one) => one.last)];

/** The parts of a document in the order they stand in it, and the names of what no task shows. */
export function partsOf(config: JSONObject): { parts: Part[]; others: string[] } {
  const taken = new Set<string>();
  const parts: Part[] = [];
  for (const one of order) {
    for (const found of one.fromNetJSON(config)) {
      const wanted = marks(found.at);
      if (wanted.some((mark) => taken.has(mark))) continue;
      for (const mark of wanted) taken.add(mark);
      parts.push({ task: one, ...found });
    }
  }
  const keys = Object.keys(config);
  const rank = ({ at }: Part) => {
    const [key = '', indexes = []] = Object.entries(at)[0] ?? [];
    return keys.indexOf(key.split('.')[0] ?? '') * 10_000 + Math.min(...indexes, 9_999);
  };
  parts.sort((a, b) => rank(a) - rank(b));
  return { parts, others: keys.flatMap((key) => othersOf(config, key, taken)) };
}

function othersOf(config: JSONObject, key: string, taken: Set<string>): string[] {
  const value = config[key];
  if (taken.has(key)) return [];
  if (Array.isArray(value)) {
    return value.flatMap((item, index) => (taken.has(`${key} ${index}`) ? [] : [`${key}: ${labelOf(item, index)}`]));
  }
  if (isObject(value)) {
    return Object.keys(value).flatMap((inner) => (taken.has(`${key}.${inner}`) ? [] : [`${key}: ${inner}`]));
  }
  return [key];
}

function labelOf(item: unknown, index: number): string {
  if (!isObject(item)) return typeof item === 'string' ? item : String(index + 1);
  for (const name of ['name', 'path', 'destination', 'config_value', 'config_name', 'interface']) {
    if (typeof item[name] === 'string' && item[name] !== '') return item[name];
  }
  return String(index + 1);
}

/** The document without a part of it. */
export { without } from './parts';
