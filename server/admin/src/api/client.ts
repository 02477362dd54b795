// One function through which every request of the admin goes: cookies, CSRF token, JSON, errors.
import { APIError, fieldErrors, noticeFor } from './errors';

export interface RequestOptions {
  query?: Record<string, unknown>;
  body?: unknown;
  signal?: AbortSignal;
  /** The version the object must still have (RFC 9110, 13.1.1); another one is answered 412. */
  ifMatch?: string;
  /** Is told the version of the answer; null where the server gives none. */
  onETag?(etag: string | null): void;
}

/** Sends a request to a path below /api/v1/ and resolves to the decoded body; null for an empty one. */
export type Request = <T>(method: string, path: string, options?: RequestOptions) => Promise<T>;

/** The root of the API. */
export const apiRoot = '/api/v1/';

/** The value of a cookie in a document.cookie string. */
export function cookieValue(cookies: string, name: string): string | undefined {
  for (const part of cookies.split(';')) {
    const [key, ...value] = part.trim().split('=');
    if (key === name) return decodeURIComponent(value.join('='));
  }
  return undefined;
}

/** A query string of the parameters that have a value, arrays joined by commas, times as ISO 8601. */
export function queryString(query: Record<string, unknown> = {}): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === '') continue;
    params.set(key, Array.isArray(value) ? value.join(',') : value instanceof Date ? value.toISOString() : String(value));
  }
  const text = params.toString();
  return text ? `?${text}` : '';
}

async function decode(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    // an HTML error page of a proxy, say: its text helps nobody
    return null;
  }
}

/** A client of the API at this page's origin. Arguments exist for tests. */
export function createClient(
  send: typeof fetch = (...args) => fetch(...args),
  cookies: () => string = () => document.cookie,
): Request {
  return async <T>(method: string, path: string, options: RequestOptions = {}): Promise<T> => {
    const headers: Record<string, string> = { Accept: 'application/json' };
    let body: string | undefined;
    if (options.body !== undefined) {
      headers['Content-Type'] = 'application/json';
      body = JSON.stringify(options.body);
    }
    if (!['GET', 'HEAD', 'OPTIONS'].includes(method)) {
      const token = cookieValue(cookies(), 'csrftoken');
      if (token) headers['X-CSRFToken'] = token;
    }
    if (options.ifMatch) headers['If-Match'] = options.ifMatch;
    const url = (path.startsWith('/') ? path : apiRoot + path) + queryString(options.query);
    let answer: Response;
    try {
      answer = await send(url, { method, headers, body, credentials: 'same-origin', signal: options.signal });
    } catch (cause) {
      if (options.signal?.aborted) throw cause;
      throw new APIError('The server cannot be reached. Check your connection and try again.', 0);
    }
    const decoded = await decode(answer);
    if (answer.ok) {
      options.onETag?.(answer.headers.get('ETag'));
      return decoded as T;
    }
    throw new APIError(noticeFor(answer.status, decoded, answer.headers.get('Retry-After')), answer.status, {
      errors: answer.status === 400 ? fieldErrors(decoded) : undefined,
      raw: decoded,
    });
  };
}
