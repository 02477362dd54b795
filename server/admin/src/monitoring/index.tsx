// What devices measure: charts, what they told last, who is at their radios.
import { Wifi } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { type MonitoringOperations, monitoringOperations } from './operations';
import { monitoringTexts } from './texts';

const session = { app: 'device_monitoring', model: 'wifisession' };
const device = { app: 'config', model: 'device' };

/** What monitoring gives to the admin. */
export const monitoring: Concern<MonitoringOperations> = {
  name: 'monitoring',
  resources: [{ name: 'wifi-sessions', path: 'monitoring/wifi-session/', model: session, kind: 'device_monitoring.devicedata', icon: Wifi, title: 'ssid', list: page(() => import('./WifiSessionList')) }],
  menu: [{ section: 'network', order: 40, resource: 'wifi-sessions' }],
  texts: monitoringTexts,
  operations: monitoringOperations,
  overview: [{ place: 'main', order: 10, model: device, Part: page(() => import('./GeneralCharts')) }],
  tabs: [
    { of: 'devices', path: 'charts', label: 'Charts', Tab: page(() => import('./DeviceCharts')) },
    { of: 'devices', path: 'status', label: 'Status', Tab: page(() => import('./DeviceStatus')) },
  ],
};
