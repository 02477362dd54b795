// The audit trail in a person's words.

/** What the trail records, by the name of its kind: how it is called, and the admin's resource that shows it. */
export type Kinds = Record<string, { name: string; resource?: string }>;

/** The kinds of all concerns. */
export function kindsOf(concerns: { kinds?: Kinds }[]): Kinds {
  return Object.assign({}, ...concerns.map(({ kinds }) => kinds));
}

/** The name of a kind. */
export function kindName(kinds: Kinds, kind: string): string {
  return kinds[kind]?.name ?? kind;
}

/** Names that are written together in the trail: "Config.ErrorReason" is "config: error reason". */
export function fieldName(field: string): string {
  return field
    .split('.')
    .map((part) =>
      part
        .replace(/ID$/, '')
        .replace(/([a-z0-9])([A-Z])/g, '$1 $2')
        .replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2')
        .split(' ')
        .map((word) => (/^[A-Z0-9]{2,}$/.test(word) ? word : word.toLowerCase()))
        .join(' '),
    )
    .map((part) => part || 'ID')
    .join(': ');
}

/** The resource whose ids a field holds. */
export function referenceOf(references: Record<string, string>, field: string): string | undefined {
  return references[field.split('.').pop() ?? ''];
}

/** A value as text. */
export function shown(value: unknown): string {
  if (value === null || value === undefined || value === '') return '–';
  if (value === true) return 'yes';
  if (value === false) return 'no';
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1);
}

/** The ids in a value: one, or a list of them. */
export function idsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(String);
  return value === null || value === undefined || value === '' ? [] : [String(value)];
}

/** What was done, by the name of the action. */
export const verbs: Record<string, string> = { add: 'added', change: 'changed', delete: 'deleted' };

/** What was done, in the past: changed the notes of. */
export function didWhat({ action, fields }: { action: string; fields: { field: string }[] }): string {
  const verb = verbs[action] ?? action;
  const names = changedNames(fields);
  return action === 'change' && names ? `${verb} ${names} of` : verb;
}

/** The names of the changed fields, at most three: notes, model and 2 more. */
export function changedNames(fields: { field: string }[]): string {
  const names = [...new Set(fields.map(({ field }) => fieldName(field)))];
  if (names.length <= 3) return names.join(', ');
  return `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

/** Two letters for a person. */
export function initials(name: string): string {
  const parts = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean);
  const letters = parts.length > 1 ? [parts[0]?.[0], parts[1]?.[0]] : [...(parts[0] ?? '?')].slice(0, 2);
  return letters.join('').toUpperCase();
}
