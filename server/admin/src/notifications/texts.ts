// The labels of notifications: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const notificationTexts = {
  resources: {
    notifications: {
      name: 'Notification |||| Notifications',
      fields: { ...common, level: 'Level', message: 'What', timestamp: 'When', unread: 'Unread', type: 'Type' },
    },
    organizations: { fields: { notification_settings: { web: 'On the web', email: 'By e-mail' } } },
  },
};
