// What the form of the look has in it, and what it would look like.
import type { APIError } from '../api/errors';
import type { Brand } from '../design/brand';

/** How many bytes a picture may have. */
export const mostBytes = 64 * 1024;

/** What is shown of a choice over the settings, as the server makes it of both; the dark accent is its to make. */
export function previewOf(chosen: Brand, settings: Brand): Brand {
  const shown = { ...settings };
  for (const key of Object.keys(chosen) as (keyof Brand)[]) if (chosen[key]) Object.assign(shown, { [key]: chosen[key] });
  if (chosen.accent && !chosen.accent_dark) shown.accent_dark = '';
  return shown;
}

/** What differs, by field. */
export function changesOf(before: Brand, after: Brand): (keyof Brand)[] {
  return (Object.keys(after) as (keyof Brand)[]).filter((key) => before[key] !== after[key]);
}

/** What the server says is wrong, by field. */
export function problemsOf(error: unknown): Partial<Record<keyof Brand, string>> {
  const errors = (error as APIError | null)?.body?.errors ?? {};
  return Object.fromEntries(Object.entries(errors).filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A file as a data URL; refused when it is too large. */
export async function pictureOf(file: File): Promise<string> {
  if (file.size > mostBytes) throw new Error(`${file.name} has ${Math.ceil(file.size / 1024)} KB; at most 64 KB are taken.`);
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return `data:${file.type || 'image/png'};base64,${btoa(text)}`;
}
