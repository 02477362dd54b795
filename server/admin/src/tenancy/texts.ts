// The labels and sentences of users and organizations: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const tenancyTexts = {
  resources: {
    organizations: {
      name: 'Organization |||| Organizations',
      fields: {
        ...common,
        slug: 'Slug',
        is_active: 'Active',
        description: 'Description',
        email: 'Email',
        url: 'URL',
        settings: {
          registration_enabled: 'Devices may register themselves',
          shared_secret: 'Shared secret',
          context: 'Variables',
        },
      },
      empty: 'No organizations yet',
      invite: 'Devices, templates and users belong to organizations.',
    },
    users: {
      name: 'Person |||| People',
      fields: {
        ...common,
        username: 'Username',
        email: 'Email',
        password: 'Password',
        email_verified: 'Email is verified',
        first_name: 'First name',
        last_name: 'Last name',
        phone_number: 'Phone number',
        birth_date: 'Birth date',
        bio: 'Bio',
        url: 'URL',
        company: 'Company',
        location: 'Location',
        notes: 'Internal notes',
        is_active: 'Active',
        is_staff: 'Staff',
        is_superuser: 'Superuser',
        groups: 'Groups',
        last_login: 'Last login',
        date_joined: 'Joined',
        expiration_date: 'Active until',
        organization_users: 'Organizations',
      },
    },
    groups: {
      name: 'Group |||| Groups',
      fields: { ...common, permissions: 'Permissions' },
    },
  },
};
