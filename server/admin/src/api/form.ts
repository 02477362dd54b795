// Forms with files, which the client of JSON does not send.
import { apiRoot, cookieValue } from './client';
import { APIError } from './errors';

/** The first sentence of an answer that refuses something. */
export function sentence(body: unknown): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return sentence(body[0]);
  if (typeof body === 'object' && body !== null) return sentence(Object.values(body)[0]);
  return 'The server refused it.';
}

/** Sends a form, with files, and returns the answer. */
export async function sendForm<T>(method: string, path: string, fields: Record<string, string | number | File | null | undefined>): Promise<T> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined && value !== null) form.set(name, value instanceof File ? value : String(value));
  const token = cookieValue(document.cookie, 'csrftoken');
  let answer: Response;
  try {
    answer = await fetch(apiRoot + path, { method, body: form, credentials: 'same-origin', headers: { Accept: 'application/json', ...(token ? { 'X-CSRFToken': token } : {}) } });
  } catch {
    throw new APIError('The server cannot be reached. Check your connection and try again.', 0);
  }
  const body = await answer.json().catch(() => undefined);
  if (!answer.ok) throw new APIError(answer.status === 413 ? 'The file is too large.' : sentence(body), answer.status);
  return body as T;
}
