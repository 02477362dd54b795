// The lines of somebody's preferences, put together for a page.
import type { Preference } from '../types';

/** The ways to be told, by their keys in a line. */
export const ways = ['web', 'email'] as const;

/** A way to be told. */
export type Way = (typeof ways)[number];

/** The lines of an organization. */
export interface Group {
  id: string;
  name: string;
  lines: Preference[];
}

/** The line of everything. */
export function everythingOf(lines: Preference[]): Preference | undefined {
  return lines.find(({ organization, type }) => organization === null && type === null);
}

/** The lines by organization, in the order they come. */
export function groupsOf(lines: Preference[]): Group[] {
  const groups = new Map<string, Group>();
  for (const line of lines) {
    if (line.organization === null || line.type === null) continue;
    const group = groups.get(line.organization) ?? { id: line.organization, name: line.organization_name ?? line.organization, lines: [] };
    group.lines.push(line);
    groups.set(line.organization, group);
  }
  return [...groups.values()];
}

/** The types that the lines are about, as choices. */
export function typesOf(lines: Preference[]): { id: string; name: string }[] {
  const types = new Map<string, string>();
  for (const { type, type_label: label } of lines) if (type) types.set(type, label ?? type);
  return [...types].map(([id, name]) => ({ id, name }));
}

/** How all lines of a group stand for a way: on, off or both. */
export function stateOf(lines: Preference[], way: Way): 'on' | 'off' | 'some' {
  const on = lines.filter((line) => line[way]).length;
  return on === 0 ? 'off' : on === lines.length ? 'on' : 'some';
}

/** What a switch asks for. There is no e-mail without the web (spec: notifications §1.2), so turning e-mail on turns the web on too. */
export function wishOf(way: Way, on: boolean): Partial<Record<Way, boolean>> {
  if (way === 'email' && on) return { web: true, email: true };
  return { [way]: on };
}

/** What a line follows, in words. */
export function followsOf(everything: Preference | undefined, way: Way): string {
  if (everything && !everything[way]) return 'as for everything';
  return 'as usual';
}
