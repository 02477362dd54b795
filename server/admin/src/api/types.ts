// The shapes of the REST API that every part of the admin reads. Keys are those of the wire.
import type { components } from './rest';

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

/** A shape as the API documents it, by the name of its schema. rest.ts is made of the server's own document. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/**
 * A documented shape of which more is known than the document says: which words there are, that an id is never null. What
 * it says must fit into the documented type, and be documented.
 */
export type Shape<Name extends keyof components['schemas'], Known extends { [Key in keyof Known]: Key extends keyof Schema<Name> ? Schema<Name>[Key] : never }> = Omit<Schema<Name>, keyof Known> & Known;
