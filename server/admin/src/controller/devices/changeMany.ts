// What a change of many devices is, and how it fared, in words.
import type { DeviceTask } from '../types';

/** The kinds of changes. */
export const changeKinds = [
  { id: 'add_templates', name: 'Add a template' },
  { id: 'remove_templates', name: 'Remove a template' },
  { id: 'set_variables', name: 'Set a variable' },
  { id: 'set_group', name: 'Put into a group' },
  { id: 'move', name: 'Move to another organization' },
] as const;

export type ChangeKind = (typeof changeKinds)[number]['id'];

/** The value of a variable as it was typed: JSON where it is, else text; nothing takes the variable away. */
function typed(value: string): unknown {
  if (value === '') return null;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

/** What the API is asked; undefined while something is missing. */
export function changeBody(kind: ChangeKind, choice: string, value: string, devices: string[]): Record<string, unknown> | undefined {
  if (choice.trim() === '') return undefined;
  switch (kind) {
    case 'set_variables':
      return { action: kind, devices, variables: { [choice.trim()]: typed(value) } };
    case 'set_group':
      return { action: kind, devices, group: choice === 'none' ? null : choice };
    case 'move':
      return { action: kind, devices, organization: choice };
    default:
      return { action: kind, devices, templates: [choice] };
  }
}

/** How a task fared. */
export function summary({ dry_run, changed, unchanged, failed, waiting }: DeviceTask): string {
  const parts = [`${changed} ${dry_run ? 'would change' : 'changed'}`, `${unchanged} ${dry_run ? 'would stay' : 'stayed'} as they are`];
  if (failed > 0) parts.push(`${failed} ${dry_run ? 'would fail' : 'failed'}`);
  if (waiting > 0) parts.push(`${waiting} to go`);
  return parts.join(', ');
}
