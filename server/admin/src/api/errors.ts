// Turns the API's error bodies into what forms and notices show.
//
// A 400 holds messages by field, in the shapes Django REST framework gives them: a list of strings, a string, an
// object for nested fields, a list of objects for list items; messages about the whole object come under `__all__`,
// `non_field_errors` or `detail`.

/** Errors by form field; nested as the form's values are. */
export interface FieldErrors {
  [field: string]: string | FieldErrors;
}

const wholeObject = new Set(['__all__', 'non_field_errors', 'detail', 'error']);

/** An answer of the API that is not a success. `body.errors` is where react-admin looks for field errors. */
export class APIError extends Error {
  readonly status: number;
  readonly body: { errors?: FieldErrors; raw?: unknown };

  constructor(message: string, status: number, body: { errors?: FieldErrors; raw?: unknown } = {}) {
    super(message);
    this.name = 'APIError';
    this.status = status;
    this.body = body;
  }
}

/** One wrong value of a configuration, as the API tells it beside the messages. */
export interface FaultPlace {
  /** A JSON pointer into the document of the source. */
  pointer: string;
  message: string;
  /** The template it comes from; '' for the object itself. */
  source: string;
}

/** The wrong values an answer names. */
export function placesOf(body: unknown): FaultPlace[] {
  const list = (body as { errors?: unknown } | null | undefined)?.errors;
  if (!Array.isArray(list)) return [];
  return list.filter((place): place is FaultPlace => typeof place?.pointer === 'string' && typeof place.message === 'string').map(({ pointer, message, source }) => ({ pointer, message, source: source ?? '' }));
}

/** What is wrong in the words of the places, when a message is the sentence of a schema. */
function inWords(message: string, places: FaultPlace[]): string {
  if (places.length === 0 || !/triggered by "#/.test(message)) return message;
  const words = places.map(({ pointer, message: what, source }) => {
    const path = pointerSegments(pointer).join(' › ');
    return `${path ? `${path}: ` : ''}${what}${source ? ` (in the template ${source})` : ''}`;
  });
  return `${message.startsWith('There is a conflict') ? 'Conflict with the templates. ' : ''}${words.join('; ')}`;
}

function messageOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (Array.isArray(value) && value.length > 0 && value.every((item) => typeof item === 'string')) {
    return value.join(' ');
  }
  return undefined;
}

/** The field errors of a 400 body, with messages about the whole object under root.serverError. */
export function fieldErrors(body: unknown): FieldErrors {
  const errors: FieldErrors = {};
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return errors;
  const whole: string[] = [];
  const places = placesOf(body);
  for (const [key, value] of Object.entries(body)) {
    if (key === 'errors' && places.length > 0) continue; // where, beside the messages
    const said = messageOf(value);
    const message = said === undefined ? undefined : inWords(said, places);
    if (wholeObject.has(key)) {
      if (message) whole.push(message);
      continue;
    }
    if (message !== undefined) {
      errors[key] = message;
    } else if (Array.isArray(value)) {
      value.forEach((item, index) => {
        const nested = nestedErrors(item);
        if (nested) errors[key] = { ...(errors[key] as FieldErrors), [index]: nested };
      });
    } else {
      const nested = nestedErrors(value);
      if (nested) errors[key] = nested;
    }
  }
  if (whole.length > 0) errors.root = { serverError: whole.join(' ') };
  return errors;
}

function nestedErrors(value: unknown): FieldErrors | string | undefined {
  const message = messageOf(value);
  if (message !== undefined) return message;
  const nested = fieldErrors(value);
  // a nested object has no form-level place of its own: what is said about it whole is said at its field
  const root = nested.root as { serverError?: string } | undefined;
  if (root?.serverError && Object.keys(nested).length === 1) return root.serverError;
  return Object.keys(nested).length > 0 ? nested : undefined;
}

/** Every message of the errors with the dotted path of its field; '' for those about the whole object. */
export function flattenErrors(errors: unknown, path = ''): { field: string; message: string }[] {
  if (typeof errors === 'string') return [{ field: path, message: errors }];
  if (typeof errors !== 'object' || errors === null) return [];
  const found: { field: string; message: string }[] = [];
  for (const [key, value] of Object.entries(errors)) {
    if (path === '' && key === 'root') {
      const text = (value as { serverError?: string | { message?: string } })?.serverError;
      const message = typeof text === 'string' ? text : text?.message;
      if (message) found.push({ field: '', message });
      continue;
    }
    // react-hook-form's own errors are objects with a message and a ref
    if (typeof value === 'object' && value !== null && typeof (value as { message?: unknown }).message === 'string') {
      found.push({ field: path ? `${path}.${key}` : key, message: (value as { message: string }).message });
      continue;
    }
    found.push(...flattenErrors(value, path ? `${path}.${key}` : key));
  }
  return found;
}

/** What is wrong, in a sentence, for a form of one field. */
export function problemOf(error: unknown): string {
  const [first] = error instanceof APIError ? flattenErrors(error.body.errors) : [];
  return first?.message ?? (error instanceof Error ? error.message : String(error));
}

/** What a person is told about an answer, when no field of a form can say it. */
export function noticeFor(status: number, body: unknown, retryAfter?: string | null): string {
  const detail = messageOf((body as { detail?: unknown } | null)?.detail);
  switch (status) {
    case 401:
      return 'Your session has ended. Please log in again.';
    case 403:
      return detail && !detail.startsWith('Authentication') ? detail : 'You do not have permission to do this.';
    case 404:
      return detail && detail !== 'Not found.' ? detail : 'This does not exist, or is not visible to you.';
    case 429: {
      const seconds = Number(retryAfter);
      return Number.isFinite(seconds) && seconds > 0
        ? `Too many requests. Please try again in ${humanSeconds(seconds)}.`
        : 'Too many requests. Please try again later.';
    }
  }
  if (status >= 500) {
    return status === 503
      ? 'The server is busy or restarting. Please try again.'
      : 'The server failed to answer this. The error has been recorded in its log.';
  }
  const [first] = flattenErrors(fieldErrors(body));
  if (first) return first.field ? `${first.field}: ${first.message}` : first.message;
  return detail ?? `The server refused this (status ${status}).`;
}

function humanSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} seconds`;
  if (seconds < 5400) return `${Math.ceil(seconds / 60)} minutes`;
  return `${Math.ceil(seconds / 3600)} hours`;
}

/** The JSON pointer an error of the preview names ("#/interfaces/0/name"), as path segments. */
export function pointerSegments(pointer: string | undefined): string[] {
  if (!pointer) return [];
  return pointer
    .replace(/^#/, '')
    .split('/')
    .filter((segment) => segment !== '')
    .map((segment) => decodeURIComponent(segment).replace(/~1/g, '/').replace(/~0/g, '~'));
}

/** Splits `Invalid configuration triggered by "#/a/b", validator says: text` into where and what. */
export function configurationError(message: string): { pointer?: string; message: string } {
  const match = /triggered by "(#[^"]*)", validator says:\s*([\s\S]*)$/.exec(message);
  if (!match) return { message };
  const prefix = message.startsWith('There is a conflict') ? 'Conflict with the templates: ' : '';
  return { pointer: match[1], message: prefix + match[2].trim() };
}
