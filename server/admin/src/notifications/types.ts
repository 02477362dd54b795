// The shapes of the API of notifications. Keys are those of the wire.

export type Level = 'success' | 'info' | 'warning' | 'error';

/** One notification. message and description are HTML that the server has cleaned. */
export interface Told {
  id: string;
  message: string;
  description: string | null;
  unread: boolean;
  /** Absolute, or "#" where there is nothing to open. */
  target_url: string;
  email_subject: string;
  timestamp: string;
  level: Level;
}

/** A line of somebody's preferences; without organization and type it is the one of everything. */
export interface Preference {
  id: string;
  organization: string | null;
  organization_name: string | null;
  type: string | null;
  type_label: string | null;
  web: boolean;
  email: boolean;
  /** Nothing was chosen for this line: it follows a wider choice. */
  web_inherited: boolean;
  email_inherited: boolean;
}

/** An object that one does not want to hear of. */
export interface Silence {
  id: string;
  object_id: string;
  /** Null: for ever. */
  valid_till: string | null;
  object_content_type: number;
}

/** What an organization chose for its people; null follows the server. */
export interface OrganizationChoice {
  web: boolean | null;
  email: boolean | null;
}

/** A frame of the socket (spec: notifications §8). */
export type Frame =
  | { type: 'notification'; notification_count: number | string; reload_widget: boolean; notification: Told | null }
  | { type: 'object_notification'; valid_till: string | null }
  | { type: 'missed' };
