// When the session ends under somebody's hands, what they were doing waits: a log-in is shown over the page, and the
// request is sent again. Nothing typed is lost.
import type { Request, RequestOptions } from './client';
import { APIError } from './errors';

/** Shows the log-in; resolves to whether the person has logged in again. */
export type AskForLogin = () => Promise<boolean>;

/** A client that asks for a log-in and repeats the request, and the way to say how to ask. */
export interface SessionGate {
  request: Request;
  onEnded(ask: AskForLogin | undefined): void;
}

/** Puts a gate before a client. Requests of the session itself pass as they are. */
export function createSessionGate(request: Request): SessionGate {
  let ask: AskForLogin | undefined;
  let asking: Promise<boolean> | undefined;
  return {
    onEnded(next) {
      ask = next;
    },
    request: async <T>(method: string, path: string, options?: RequestOptions): Promise<T> => {
      try {
        return await request<T>(method, path, options);
      } catch (error) {
        if (!(error instanceof APIError) || error.status !== 401 || path.startsWith('users/session/') || !ask) throw error;
        // many requests end at once, and one log-in is for all of them
        asking ??= ask().finally(() => {
          asking = undefined;
        });
        if (!(await asking)) throw error;
        return request<T>(method, path, options);
      }
    },
  };
}
