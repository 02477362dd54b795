// The texts of the admin: react-admin's English ones with the names of our resources and fields.
import polyglotI18nProvider from 'ra-i18n-polyglot';
import english from 'ra-language-english';

const common = {
  id: 'UUID',
  name: 'Name',
  organization: 'Organization',
  created: 'Created',
  modified: 'Modified',
  created__gte: 'Created from',
  created__lt: 'Created before',
  q: 'Search',
};

const texts = {
  ...english,
  ra: {
    ...english.ra,
    notification: {
      ...english.ra.notification,
      updated: 'Saved |||| %{smart_count} saved',
      created: 'Created',
      deleted: 'Deleted |||| %{smart_count} deleted',
    },
  },
  resources: {
    devices: {
      name: 'Device |||| Devices',
      fields: {
        ...common,
        mac_address: 'MAC address',
        management_ip: 'Management IP',
        last_ip: 'Last IP',
        group: 'Group',
        key: 'Key',
        model: 'Model',
        os: 'Operating system',
        system: 'SOC / CPU',
        notes: 'Notes',
        config__status: 'Status',
        config__backend: 'Backend',
        config__templates: 'Template',
        has_config: 'Has a configuration',
        config: { backend: 'Backend', context: 'Variables', config: 'Configuration', templates: 'Templates' },
      },
      empty: 'No devices yet',
      invite: 'Devices register by themselves with the shared secret of an organization, or you can add one here.',
    },
    templates: {
      name: 'Template |||| Templates',
      fields: {
        ...common,
        type: 'Type',
        backend: 'Backend',
        vpn: 'VPN server',
        auto_cert: 'Automatic tunnel provisioning',
        tag_names: 'Tags',
        tags: 'Tags',
        default: 'Enabled by default',
        required: 'Required',
        default_values: 'Default values',
        config: 'Configuration',
      },
      empty: 'No templates yet',
      invite: 'A template holds configuration that many devices share.',
    },
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
      name: 'User |||| Users',
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
        organization_users: 'Organizations',
      },
    },
    groups: {
      name: 'Group |||| Groups',
      fields: { ...common, permissions: 'Permissions' },
    },
    events: {
      name: 'Event |||| Audit trail',
      fields: {
        ...common,
        created: 'When',
        actor: 'Who',
        action: 'Did',
        kind: 'Kind',
        label: 'What',
        cause: 'Because of',
        object_id: 'Object',
        address: 'From',
      },
    },
    devicegroups: { name: 'Device group |||| Device groups', fields: common },
    vpns: { name: 'VPN server |||| VPN servers', fields: common },
  },
};

/** react-admin's i18n provider. A missing text shows its key's last part instead of a warning. */
export const messages = polyglotI18nProvider(() => texts, 'en', undefined, { allowMissing: true });
