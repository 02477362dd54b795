// What can be done with notifications.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import { APIError } from '../api/errors';
import type { ListAnswer } from '../api/types';
import type { OrganizationChoice, Preference, Silence, Told } from './types';
import type { Target } from './target';
import type { Delivery, Webhook, WebhookEvent } from './webhooks/types';

const root = 'notifications/notification/';

/** The operations. */
export interface NotificationOperations {
  /** A page of one's notifications, newest first. */
  told(page: number, filter?: { unread?: boolean }): Promise<ListAnswer<Told>>;
  unreadCount(): Promise<number>;
  markRead(id: Identifier): Promise<void>;
  markAllRead(): Promise<void>;
  /** Lines of somebody's preferences, without a user of one's own: the first is of everything. */
  preferences(user: Identifier | undefined, page: number, organization?: string): Promise<ListAnswer<Preference>>;
  choosePreference(user: Identifier | undefined, line: Identifier, choice: Partial<OrganizationChoice>): Promise<Preference>;
  /** Chooses for all types of an organization. */
  chooseAll(user: Identifier, organization: Identifier, choice: Partial<OrganizationChoice>): Promise<void>;
  silences(): Promise<Silence[]>;
  /** Undefined where the object is not silenced. */
  silenceOf(target: Target): Promise<Silence | undefined>;
  silence(target: Target, till: string | null): Promise<Silence>;
  endSilence(target: Target): Promise<void>;
  /** What webhooks can subscribe to. */
  webhookEvents(): Promise<WebhookEvent[]>;
  /** Sends a test event. */
  testWebhook(webhook: Identifier): Promise<Delivery>;
  /** Makes a new secret, which is in the answer. */
  rotateSecret(webhook: Identifier): Promise<Webhook>;
  /** Ends the pause of one. */
  resumeWebhook(webhook: Identifier): Promise<void>;
  deliveries(webhook: Identifier, page: number, state?: string): Promise<ListAnswer<Delivery>>;
  redeliver(webhook: Identifier, delivery: Identifier): Promise<Delivery>;
}

/** The data provider as the pages of notifications use it. */
export type NotificationProvider = DataProvider & NotificationOperations;

const linesOf = (user: Identifier | undefined) => (user === undefined ? 'notifications/user/user-setting/' : `notifications/user/${user}/user-setting/`);
const silencePath = ({ app, model, id }: Target) => `${root}ignore/${app}/${model}/${id}/`;

/** Where the API has webhooks. */
export const webhookPath = 'notifications/webhook/';

/** How many notifications are read at once. */
export const pageSize = 20;

/** The operations over a client. */
export function notificationOperations(request: Request): NotificationOperations {
  return {
    told: (page, filter) => request<ListAnswer<Told>>('GET', root, { query: { page, page_size: pageSize, ...filter } }),
    async unreadCount() {
      return (await request<ListAnswer<Told>>('GET', root, { query: { unread: true, page_size: 1 } })).count;
    },
    async markRead(id) {
      await request('PATCH', `${root}${id}/`);
    },
    async markAllRead() {
      await request('POST', `${root}read/`);
    },
    preferences: (user, page, organization) => request<ListAnswer<Preference>>('GET', linesOf(user), { query: { page, page_size: 100, organization } }),
    choosePreference: (user, line, choice) => request<Preference>('PATCH', `${linesOf(user)}${line}/`, { body: choice }),
    async chooseAll(user, organization, choice) {
      await request('POST', `notifications/user/${user}/organization/${organization}/setting/`, { body: choice });
    },
    async silences() {
      return (await request<ListAnswer<Silence>>('GET', `${root}ignore/`, { query: { page_size: 100 } })).results;
    },
    async silenceOf(target) {
      try {
        return await request<Silence>('GET', silencePath(target));
      } catch (error) {
        if (error instanceof APIError && error.status === 404) return undefined;
        throw error;
      }
    },
    silence: (target, till) => request<Silence>('PUT', silencePath(target), { body: { valid_till: till } }),
    async endSilence(target) {
      await request('DELETE', silencePath(target));
    },
    webhookEvents: () => request<WebhookEvent[]>('GET', 'notifications/webhook-event/'),
    testWebhook: (webhook) => request<Delivery>('POST', `${webhookPath}${webhook}/test/`),
    rotateSecret: (webhook) => request<Webhook>('POST', `${webhookPath}${webhook}/rotate/`),
    async resumeWebhook(webhook) {
      await request('POST', `${webhookPath}${webhook}/resume/`);
    },
    deliveries: (webhook, page, state) => request<ListAnswer<Delivery>>('GET', `${webhookPath}${webhook}/delivery/`, { query: { page, page_size: 20, state } }),
    redeliver: (webhook, delivery) => request<Delivery>('POST', `${webhookPath}${webhook}/delivery/${delivery}/redeliver/`),
  };
}

const choicePath = (organization: Identifier) => `notifications/organization/${organization}/setting/`;

/** What an organization chose for its people; undefined for those who may not see it. */
export async function readChoice(request: Request, organization: Identifier): Promise<OrganizationChoice | undefined> {
  try {
    return await request<OrganizationChoice>('GET', choicePath(organization));
  } catch (error) {
    if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
    throw error;
  }
}

/** Saves it. */
export function saveChoice(request: Request, organization: Identifier, change: Record<string, unknown>): Promise<unknown> {
  return request('PATCH', choicePath(organization), { body: change });
}
