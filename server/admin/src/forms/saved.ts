// Whether others have saved an object since a form was filled with it.

/** What changes without anybody saving it. */
const byItself = ['modified', 'last_login'];

function at(value: unknown, path: string[]): unknown {
  return path.reduce<unknown>((inside, key) => (inside as Record<string, unknown> | null | undefined)?.[key], value);
}

function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return (a ?? null) === (b ?? null);
  if (Array.isArray(a) || Array.isArray(b)) return JSON.stringify(a) === JSON.stringify(b);
  // an answer to a save may have less of the object than its page
  return Object.keys(a).every((key) => !(key in b) || same((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]));
}

/** Whether what is saved differs from what the form was filled with, in the fields given or in all that both have. */
export function savedElsewhere(filled: object, saved: object, fields?: string[]): boolean {
  const paths = fields ?? Object.keys(filled).filter((key) => key in saved && !byItself.includes(key));
  return paths.some((path) => !same(at(filled, path.split('.')), at(saved, path.split('.'))));
}
