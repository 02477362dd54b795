// The shapes of the API of webhooks. Keys are those of the wire.

export type Format = 'cloudevents' | 'slack' | 'teams' | 'matrix' | 'telegram';

/** Where an organization wants to be told of events. */
export interface Webhook {
  id: string;
  /** Null: events of all organizations. */
  organization: string | null;
  name: string;
  /** Where requests go, without what is as good as a password. */
  url: string;
  format: Format;
  room: string;
  has_token: boolean;
  /** Names, or "*" for all. */
  events: string[];
  enabled: boolean;
  failures: number;
  paused: string | null;
  pause_reason: string | null;
  /** Only in the answer that made it. */
  secret: string | null;
  old_secret_until: string | null;
  created: string;
  modified: string;
}

/** What can be subscribed to. */
export interface WebhookEvent {
  name: string;
  label: string;
}

/** One event on its way to one webhook. */
export interface Delivery {
  id: string;
  event_id: string;
  event: string;
  state: 'waiting' | 'delivered' | 'failed';
  attempts: number;
  next_at: string | null;
  /** Of the last answer; null for none. */
  status: number | null;
  /** Seconds. */
  took: number;
  request: string;
  answer: string;
  error: string | null;
  created: string;
  finished: string | null;
}
