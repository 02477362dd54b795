// What became of a router's own configuration when it was read: in words, the worst first.
import type { Schema } from '../../api/types';

/** One remark of the reader. */
export type Note = Schema<'NetjsonconfigParseNote'>;

/** What reading led to. */
export type NativeRead = Schema<'ControllerNative'>;

interface Kind {
  kind: string;
  title: string;
  /** What that means for the router. */
  meaning: string;
  status: 'critical' | 'problem' | 'ok';
}

/** The kinds of remarks, those to look at first. */
export const kinds: Kind[] = [
  { kind: 'dropped', title: 'Left out', meaning: 'Nothing acts on it, so it is not in the configuration.', status: 'critical' },
  { kind: 'changed', title: 'Written otherwise', meaning: 'It does the same, in other words.', status: 'problem' },
  { kind: 'raw', title: 'Kept word by word', meaning: 'There is no field for it. It stays as it is.', status: 'ok' },
];

/** Where in the router's files it is: network › lan › mtu. */
export function placeOf({ package: file, section, option }: Note): string {
  return [file, section, option].filter(Boolean).join(' › ') || 'the whole';
}

/** The remarks by their kind; one that is not known stands under its own name, before the others. */
export function groupsOf(notes: Note[]): { kind: Kind; notes: Note[] }[] {
  const known = new Set(kinds.map(({ kind }) => kind));
  const others = [...new Set(notes.map(({ kind }) => kind).filter((kind) => !known.has(kind)))];
  return [...others.map((kind): Kind => ({ kind, title: kind, meaning: '', status: 'problem' })), ...kinds]
    .map((kind) => ({ kind, notes: notes.filter((note) => note.kind === kind.kind) }))
    .filter((group) => group.notes.length > 0);
}

/** Whether anything was read that a configuration can hold. */
export const isEmpty = ({ config }: NativeRead): boolean => typeof config !== 'object' || config === null || Object.keys(config).length === 0;
