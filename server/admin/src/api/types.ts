// The shapes of the REST API that every part of the admin reads. Keys are those of the wire.

/** A NetJSON object or any other JSON object whose keys the admin doesn't know. */
export type JSONObject = Record<string, unknown>;

/** The answer of the session endpoint: who is logged in and what they may do. */
export interface Session {
  user: { id: string; username: string; email: string | null; is_superuser: boolean; is_staff: boolean };
  permissions: string[];
  organizations: { id: string; name: string; slug: string; is_admin: boolean }[];
  /** What has to be done before anything else is possible, such as choosing a new password. */
  restricted?: string | null;
}

/** The envelope of every list. */
export interface ListAnswer<T> {
  count: number;
  next: string | null;
  previous: string | null;
  results: T[];
}
