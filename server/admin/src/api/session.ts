// Login, logout and what the logged-in user may do, over the session endpoint.
import type { AuthProvider } from 'react-admin';
import type { Request } from './client';
import { APIError, flattenErrors } from './errors';
import type { PasskeyOptions } from '../tenancy/account/passkeys';
import type { Session } from './types';

/** The models behind the names pages ask with, as permissions name them: <app>.<action>_<model>. */
export type Models = Record<string, { app: string; model: string }>;

/** Whether the session holds a permission such as config.view_device; "*" is all of them. */
export function holds(session: Session, permission: string): boolean {
  return session.user.is_superuser || session.permissions.includes('*') || session.permissions.includes(permission);
}

/** Whether the session is of somebody who administers; others look after their own account only. */
export function administers({ user }: Session): boolean {
  return user.is_staff || user.is_superuser;
}

/**
 * Whether the session may do an action on a resource. list, show and edit open pages and so need view or change;
 * what writes is asked for by name: create, change, delete.
 */
export function allowed(models: Models, session: Session, resource: string, action: string): boolean {
  const target = models[resource];
  if (!target) return true;
  if (!administers(session)) return false;
  const may = (verb: string) => holds(session, `${target.app}.${verb}_${target.model}`);
  switch (action) {
    case 'list':
    case 'show':
    case 'edit':
      return may('view') || may('change');
    case 'create':
    case 'clone':
      return may('add');
    case 'delete':
      return may('delete');
    default:
      return may(action);
  }
}

/** The password was right, and the account's second factor is asked for: a one-time code, or a passkey if there are options for one. */
export class CodeNeeded extends Error {
  constructor(
    readonly methods: string[] = ['totp'],
    readonly passkey?: PasskeyOptions,
  ) {
    super('Enter the code of your authenticator app, or a recovery code.');
    this.name = 'CodeNeeded';
  }
}

// Why a login was refused, for the person at the form.
function loginProblem(error: unknown): unknown {
  if (!(error instanceof APIError)) return error;
  const raw = error.body.raw as { second_factor?: string[]; webauthn?: PasskeyOptions } | null;
  if (error.status === 401 && raw?.second_factor) return new CodeNeeded(raw.second_factor, raw.webauthn);
  const [first] = flattenErrors(error.body.errors);
  return first ? new Error(first.message) : error;
}

/** The auth provider of the admin. */
export type AdminAuthProvider = AuthProvider & {
  /** Has the session asked for again: what one may do has changed. */
  forget(): void;
};

/** react-admin's auth provider over the session endpoint. The session is asked for once and kept until it ends. */
export function createAuthProvider(request: Request, models: Models): AdminAuthProvider {
  let known: Promise<Session> | undefined;
  let open = false;
  const session = (): Promise<Session> => {
    known ??= request<Session>('GET', 'users/session/').then(
      (found) => {
        open = true;
        return found;
      },
      (error) => {
        // a page without a log-in is asked for once, not by every part of it
        if (!(error instanceof APIError && error.status === 401)) known = undefined;
        throw error;
      },
    );
    return known;
  };
  return {
    forget() {
      known = undefined;
    },
    async login({ username, password, otp, webauthn }) {
      try {
        const body = { username, password, ...(otp ? { otp } : {}), ...(webauthn ? { webauthn } : {}) };
        known = Promise.resolve(await request<Session>('POST', 'users/session/', { body }));
        open = true;
      } catch (error) {
        throw loginProblem(error);
      }
    },
    async logout() {
      if (!open) return;
      open = false;
      known = undefined;
      try {
        await request('DELETE', 'users/session/');
      } catch (error) {
        // already ended is as good as ended
        if (!(error instanceof APIError) || error.status !== 401) throw error;
      }
    },
    async checkAuth() {
      await session();
    },
    async checkError(error) {
      if (error instanceof APIError && error.status === 401) {
        known = undefined;
        throw { message: error.message };
      }
    },
    async getIdentity() {
      const { user } = await session();
      return { id: user.id, fullName: user.username, email: user.email };
    },
    async getPermissions() {
      return session();
    },
    async canAccess({ resource, action }) {
      return allowed(models, await session(), resource, action);
    },
  };
}
