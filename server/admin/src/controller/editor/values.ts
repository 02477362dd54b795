// Values that travel between a form, raw JSON and the API without losing anything an author wrote.
import type { JSONObject } from '../../api/types';

/** Whether a value is a JSON object (not a list, not null). */
export function isObject(value: unknown): value is JSONObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether two JSON values are the same, the order of keys aside. */
export function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => same(item, b[index]));
  }
  if (isObject(a) && isObject(b)) {
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((key) => key in b && same(a[key], b[key]));
  }
  return a === b;
}

/** What is at a path inside a value, undefined when there is nothing. */
export function valueAt(value: unknown, path: string[]): unknown {
  let found = value;
  for (const key of path) {
    if (Array.isArray(found)) found = found[Number(key)];
    else if (isObject(found)) found = found[key];
    else return undefined;
  }
  return found;
}

/** The object a JSON text holds, or why it holds none, in words for the person who wrote it. */
export function parseObject(text: string): { value: JSONObject } | { problem: string } {
  if (text.trim() === '') return { value: {} };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { problem: `Not valid JSON: ${where(text, error instanceof Error ? error.message : String(error))}` };
  }
  if (!isObject(value)) return { problem: 'This must be a JSON object: { … }' };
  return { value };
}

// Browsers name the place of a syntax error as a position in the text; people count lines.
function where(text: string, message: string): string {
  const match = /position (\d+)(?! \(line)/.exec(message);
  if (!match || /line \d+/.test(message)) return message;
  const before = text.slice(0, Number(match[1])).split('\n');
  return `${message} (line ${before.length}, column ${before[before.length - 1].length + 1})`;
}

/** The text an object is edited as. */
export function formatObject(value: unknown): string {
  return JSON.stringify(value ?? {}, null, 2);
}

/** One row of the variables editor. */
export interface Variable {
  name: string;
  text: string;
  /** The text is JSON of something other than a string, and goes back as such. */
  json: boolean;
}

/** The rows of an object of variables. */
export function toVariables(value: unknown): Variable[] {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, item]) =>
    typeof item === 'string'
      ? { name, text: item, json: false }
      : { name, text: JSON.stringify(item), json: true },
  );
}

/** The object of the rows; rows without a name are left out. What was JSON and no longer parses becomes text. */
export function fromVariables(rows: Variable[]): JSONObject {
  const value: JSONObject = {};
  for (const { name, text, json } of rows) {
    if (name.trim() === '') continue;
    value[name.trim()] = json ? parsedOrText(text) : text;
  }
  return value;
}

function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // it was a number or a list and is being edited into a string
    return text;
  }
}

/** What is wrong with rows: names used twice, values without a name. */
export function variablesProblem(rows: Variable[]): string | undefined {
  const seen = new Set<string>();
  for (const { name, text } of rows) {
    const trimmed = name.trim();
    if (trimmed === '' && text !== '') return 'A variable has a value but no name.';
    if (trimmed !== '' && seen.has(trimmed)) return `The variable ${trimmed} is there twice.`;
    seen.add(trimmed);
  }
  return undefined;
}
