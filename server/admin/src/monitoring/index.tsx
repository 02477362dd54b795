// What devices measure: charts, what they told last, who is at their radios.
import { Gauge, Siren, Wifi } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { type MonitoringOperations, monitoringOperations } from './operations';
import { monitoringTexts } from './texts';

const session = { app: 'device_monitoring', model: 'wifisession' };
const device = { app: 'config', model: 'device' };

/** What monitoring gives to the admin. */
export const monitoring: Concern<MonitoringOperations> = {
  name: 'monitoring',
  resources: [
    { name: 'incidents', path: 'monitoring/incident/', model: { app: 'monitoring', model: 'incident' }, icon: Siren, title: 'label', list: page(() => import('./IncidentList')), edit: page(() => import('./IncidentPage')) },
    { name: 'wifi-sessions', path: 'monitoring/wifi-session/', model: session, kind: 'device_monitoring.devicedata', icon: Wifi, title: 'ssid', list: page(() => import('./WifiSessionList')) },
    {
      name: 'custom-metrics',
      path: 'monitoring/custom-metric/',
      model: { app: 'monitoring', model: 'custommetric' },
      icon: Gauge,
      title: 'name',
      list: page(() => import('./CustomMetricList')),
      create: page(() => import('./CustomMetricCreate')),
      edit: page(() => import('./CustomMetricEdit')),
    },
  ],
  menu: [{ section: 'network', order: 35, resource: 'incidents' }, { section: 'network', order: 40, resource: 'wifi-sessions' }, { section: 'network', order: 42, resource: 'custom-metrics' }],
  texts: monitoringTexts,
  operations: monitoringOperations,
  kinds: { 'monitoring.custommetric': { name: 'Custom metric', resource: 'custom-metrics' } },
  overview: [{ place: 'main', order: 10, model: device, Part: page(() => import('./GeneralCharts')) }],
  tabs: [
    { of: 'devices', path: 'health', label: 'Health', Tab: page(() => import('./DeviceHealth')) },
    { of: 'devices', path: 'charts', label: 'Charts', Tab: page(() => import('./DeviceCharts')) },
    { of: 'devices', path: 'status', label: 'Status', Tab: page(() => import('./DeviceStatus')) },
  ],
};
