// Notifications: the bell, the list, what one is told of, and what one does not want to hear of.
import { Bell as BellIcon, BellRing, Webhook as WebhookIcon } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { notificationKind } from './kind';
import { type NotificationOperations, notificationOperations, readChoice, saveChoice, webhookPath } from './operations';
import { notificationTexts } from './texts';

const Preferences = page(() => import('./preferences/Preferences'));

/** What notifications give to the admin. */
export const notifications: Concern<NotificationOperations> = {
  name: 'notifications',
  resources: [
    { name: 'notifications', path: 'notifications/notification/', kind: notificationKind, icon: BellIcon, title: 'email_subject', list: page(() => import('./NotificationList')) },
    {
      name: 'webhooks',
      path: webhookPath,
      model: { app: 'openwisp_notifications', model: 'webhook' },
      icon: WebhookIcon,
      list: page(() => import('./webhooks/WebhookList')),
      create: page(() => import('./webhooks/WebhookCreate')),
      edit: page(() => import('./webhooks/WebhookEdit')),
    },
  ],
  menu: [
    { section: 'top', order: 200, resource: 'notifications' },
    { section: 'administration', order: 80, resource: 'webhooks' },
  ],
  routes: [
    { path: '/notifications/preferences', page: Preferences },
    { path: '/notifications/preferences/:user', page: Preferences },
  ],
  texts: notificationTexts,
  operations: notificationOperations,
  extensions: [
    {
      of: 'organizations',
      key: 'notification_settings',
      model: { app: 'openwisp_notifications', model: 'organizationnotificationsettings' },
      read: readChoice,
      save: saveChoice,
      Fields: page(() => import('./preferences/OrganizationFields')),
    },
  ],
  kinds: {
    'openwisp_notifications.organizationnotificationsettings': { name: 'Notification settings' },
    'openwisp_notifications.notificationsetting': { name: 'Notification preference' },
    'openwisp_notifications.webhook': { name: 'Webhook', resource: 'webhooks' },
  },
  bar: [page(() => import('./bell/Bell'))],
  actions: [
    { of: 'devices', Action: page(() => import('./silence/SilenceButton')) },
    { of: 'cas', Action: page(() => import('./silence/SilenceButton')) },
    { of: 'certs', Action: page(() => import('./silence/SilenceButton')) },
    { of: 'users', Action: page(() => import('./preferences/OfPerson')) },
  ],
  account: [{ to: '/notifications/preferences', label: 'Notification preferences', icon: BellRing }],
};
