// The labels of notifications: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const notificationTexts = {
  resources: {
    notifications: {
      name: 'Notification |||| Notifications',
      fields: { ...common, level: 'Level', message: 'What', timestamp: 'When', unread: 'Unread', type: 'Type' },
    },
    webhooks: {
      name: 'Webhook |||| Webhooks',
      fields: { ...common, url: 'Address', format: 'Format', room: 'Room', token: 'Token', events: 'Events', enabled: 'On' },
    },
    organizations: { fields: { notification_settings: { web: 'On the web', email: 'By e-mail' } } },
  },
};
