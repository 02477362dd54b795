// The controller's labels and sentences: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const controllerTexts = {
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
        notes: 'Notes',
        config: 'Configuration',
      },
      empty: 'No templates yet',
      invite: 'A template holds configuration that many devices share.',
    },
    registrations: { name: 'Device that waits |||| Devices that wait', fields: { ...common } },
    deleteddevices: { name: 'Deleted device |||| Deleted devices', fields: { ...common } },
    deletedtemplates: { name: 'Deleted template |||| Deleted templates', fields: { ...common } },
    devicegroups: { name: 'Device group |||| Device groups', fields: { ...common, templates: 'Templates', context: 'Variables', meta_data: 'Metadata' } },
  },
};
