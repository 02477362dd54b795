// The labels of monitoring: a language is added by a file like this one.
import { commonFields as common } from '../app/texts';

/** The texts in English. */
export const monitoringTexts = {
  resources: {
    incidents: {
      name: 'Incident |||| Incidents',
      fields: { ...common, label: 'What', started: 'Began', ended: 'Ended', open: 'Open', acknowledged: 'Taken', device: 'Device' },
      empty: 'No incidents',
      invite: 'An incident begins when a check or a threshold says that devices are not well.',
    },
    'custom-metrics': {
      name: 'Custom metric |||| Custom metrics',
      fields: { ...common, name: 'Name', key: 'Key', path: 'Place in the document', counter: 'Counter', unit: 'Unit', chart: 'Chart', operator: 'Somebody is told when it is', threshold: 'Threshold', tolerance: 'Tolerance', is_active: 'Measured' },
      empty: 'No custom metrics yet',
      invite: 'A number that devices tell in their documents becomes a chart with a threshold.',
    },
    maintenance: { name: 'Maintenance |||| Maintenance', fields: { ...common, start: 'From', end: 'To', from: 'From', to: 'To', last: 'Until', until: 'Until', repeat: 'Repeated', time_zone: 'Time zone', group: 'Group', devices: 'Devices' } },
    'alert-defaults': {
      name: 'Threshold |||| Thresholds',
      fields: { ...common, configuration: 'Metric', operator: 'Not well when it is', threshold: 'Threshold', tolerance: 'People are told after', is_active: 'People are told', group: 'Group' },
    },
    'status-pages': { name: 'Status page |||| Status pages', fields: { ...common, title: 'Title', show_names: 'Names of devices' } },
    'wifi-sessions': {
      name: 'WiFi session |||| WiFi sessions',
      fields: { ...common, device: 'Device', ssid: 'Network', interface_name: 'Interface', start_time: 'Began', stop_time: 'Ended' },
      empty: 'No WiFi sessions yet',
      invite: 'A session is the time for which a client is at an access point. Devices with a monitoring agent tell of them.',
    },
  },
};
