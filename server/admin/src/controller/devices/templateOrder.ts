// The rules by which templates of a device are offered and ordered.
import type { Template } from '../types';

/** Whether a device of the organization with the backend can have the template. */
export function usable(template: Template, backend: string, organization: string | undefined): boolean {
  return template.backend === backend && (!template.organization || template.organization === organization);
}

/** The templates a new device gets without being asked: required ones, then default ones, each by name. */
export function initialTemplates(templates: Template[]): string[] {
  const named = [...templates].sort((a, b) => a.name.localeCompare(b.name));
  return [
    ...named.filter((template) => template.required),
    ...named.filter((template) => template.default && !template.required),
  ].map((template) => template.id);
}

/** The list with the item at one place moved to another. */
export function move<T>(list: T[], from: number, to: number): T[] {
  if (from < 0 || from >= list.length || to < 0 || to >= list.length) return list;
  const next = [...list];
  next.splice(to, 0, ...next.splice(from, 1));
  return next;
}
