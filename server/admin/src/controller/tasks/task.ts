// What a task of the gallery is: a few answers that stand for a piece of a NetJSON document, in both directions.
//
// A task is pure. toNetJSON writes answers into a document and leaves alone whatever it does not know, fromNetJSON
// finds every piece of a document that the task's fields can show whole. What no task shows is edited as a form or JSON.
import type { JSONObject } from '../../api/types';

/**
 * Where a piece of a document is: the indexes it has in each top-level list; [] for a whole top-level value, or for one
 * value of a top-level object ("general.timezone").
 */
export type Place = Record<string, number[]>;

/** A piece of a document, as answers. */
export interface Found<V> {
  values: V;
  at: Place;
}

/** One choice of a field. */
export interface Choice {
  value: string;
  label: string;
}

/** How a field is asked for. */
export type FieldKind =
  | 'text'
  /** hidden unless asked for */
  | 'secret'
  /** becomes a crypt(3) hash, and is never shown again */
  | 'password'
  | 'number'
  | 'switch'
  | 'choice'
  /** one text per line, a list of texts */
  | 'lines'
  /** a list of words */
  | 'words'
  | 'code';

/** A field of a task's form. */
export interface Field<V> {
  name: keyof V & string;
  label: string;
  kind: FieldKind;
  /** One sentence, or what follows from the answers. */
  help?: string | ((values: V) => string);
  placeholder?: string;
  choices?: Choice[] | ((values: V) => Choice[]);
  /** A JSON pointer into the backend's schema whose enum are the choices. */
  options?: string;
  /** The field is asked for only then. */
  when?: (values: V) => boolean;
  /** Stands under "More". */
  more?: boolean;
  optional?: boolean;
  /** The longest text, in bytes as the device counts. */
  max?: number;
  unit?: string;
}

/** What is wrong with answers, by field. */
export type Problems<V> = Partial<Record<keyof V & string, string>>;

/** The groups of the gallery. */
export type Area = 'wireless' | 'network' | 'system' | 'other';

export interface Task<V> {
  id: string;
  title: string;
  /** A few words below the title in the gallery. */
  about: string;
  /** A sentence above the form. */
  intro: string;
  area: Area;
  /** The Lucide icon of it. */
  icon: string;
  /** Other words people look for. */
  words: string;
  fields: Field<V>[];
  /** The answers a new piece starts with. */
  blank: V;
  /** Name of one piece: "Scuola-Ospiti". */
  name: (values: V) => string;
  problems: (values: V) => Problems<V>;
  fromNetJSON: (config: JSONObject) => Found<V>[];
  /** The document with the answers in it: in the place of what stood there, or as something new. */
  toNetJSON: (config: JSONObject, values: V, at?: Place) => JSONObject;
  /** It can show nearly anything, so tasks with a meaning of their own are asked first. */
  last?: boolean;
}

/** A task whatever its answers are: the gallery holds all of them. */
// biome-ignore lint/suspicious/noExplicitAny: each takes the answers that it has read itself
export type AnyTask = Task<any>;

/** Lets TypeScript find the type of the answers. */
export function task<V>(definition: Task<V>): Task<V> {
  return definition;
}
