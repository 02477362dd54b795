// What devices measure: charts, what they told last, who is at their radios.
import { Gauge, Globe, Percent, Siren, Wifi, Wrench } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { healthColumn, healthFilters } from './DeviceState';
import { type MonitoringOperations, monitoringOperations } from './operations';
import { monitoringTexts } from './texts';

const session = { app: 'device_monitoring', model: 'wifisession' };
const health = { app: 'device_monitoring', model: 'devicemonitoring' };
const device = { app: 'config', model: 'device' };

/** What monitoring gives to the admin. */
export const monitoring: Concern<MonitoringOperations> = {
  name: 'monitoring',
  resources: [
    { name: 'incidents', path: 'monitoring/incident/', model: { app: 'monitoring', model: 'incident' }, icon: Siren, title: 'label', list: page(() => import('./IncidentList')), edit: page(() => import('./IncidentPage')) },
    {
      name: 'maintenance',
      path: 'monitoring/maintenance/',
      model: { app: 'monitoring', model: 'maintenance' },
      icon: Wrench,
      list: page(() => import('./MaintenanceList')),
      create: page(() => import('./MaintenanceForm').then((module) => ({ default: module.MaintenanceCreate }))),
      edit: page(() => import('./MaintenanceForm').then((module) => ({ default: module.MaintenanceEdit }))),
    },
    {
      name: 'alert-defaults',
      path: 'monitoring/alert-default/',
      model: { app: 'monitoring', model: 'alertdefault' },
      icon: Gauge,
      title: 'label',
      list: page(() => import('./AlertDefaultList')),
      create: page(() => import('./AlertDefaultForm').then((module) => ({ default: module.AlertDefaultCreate }))),
      edit: page(() => import('./AlertDefaultForm').then((module) => ({ default: module.AlertDefaultEdit }))),
    },
    {
      name: 'status-pages',
      path: 'monitoring/status-page/',
      model: { app: 'monitoring', model: 'statuspage' },
      icon: Globe,
      title: 'title',
      list: page(() => import('./StatusPages')),
      create: page(() => import('./StatusPages').then((module) => ({ default: module.StatusPageCreate }))),
      edit: page(() => import('./StatusPages').then((module) => ({ default: module.StatusPageEdit }))),
    },
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
  menu: [
    { section: 'monitoring', order: 35, resource: 'incidents' },
    { section: 'monitoring', order: 36, resource: 'maintenance' },
    { section: 'monitoring', order: 37, resource: 'alert-defaults' },
    { section: 'monitoring', order: 38, to: '/availability', label: 'Availability', icon: Percent, permission: 'device_monitoring.view_devicemonitoring' },
    { section: 'monitoring', order: 39, resource: 'status-pages' },
    { section: 'monitoring', order: 40, resource: 'wifi-sessions' },
    { section: 'monitoring', order: 42, resource: 'custom-metrics' },
  ],
  routes: [{ path: '/availability', page: page(() => import('./AvailabilityPage')) }],
  models: { checks: { app: 'check', model: 'check' }, thresholds: { app: 'monitoring', model: 'alertsettings' }, health },
  lists: [{ of: 'devices', model: 'health', columns: [healthColumn], filters: healthFilters }],
  kinds: {
    'monitoring.custommetric': { name: 'Custom metric', resource: 'custom-metrics' },
    'monitoring.maintenance': { name: 'Maintenance', resource: 'maintenance' },
    'monitoring.alertdefault': { name: 'Threshold', resource: 'alert-defaults' },
    'monitoring.alertsettings': { name: 'Threshold of a device' },
    'monitoring.statuspage': { name: 'Status page', resource: 'status-pages' },
    'monitoring.incident': { name: 'Incident', resource: 'incidents' },
    'check.check': { name: 'Check' },
  },
  texts: monitoringTexts,
  operations: monitoringOperations,
  overview: [{ place: 'top', order: 20, model: health, Part: page(() => import('./OpenIncidents')) }, { place: 'main', order: 10, model: device, Part: page(() => import('./GeneralCharts')) }],
  tabs: [
    { of: 'devices', path: 'health', label: 'Health', Tab: page(() => import('./DeviceHealth')) },
    { of: 'devices', path: 'checks', label: 'Checks', model: 'checks', Tab: page(() => import('./DeviceChecks')) },
    { of: 'devices', path: 'thresholds', label: 'Thresholds', model: 'thresholds', Tab: page(() => import('./DeviceThresholds')) },
    { of: 'devices', path: 'charts', label: 'Charts', Tab: page(() => import('./DeviceCharts')) },
    { of: 'devices', path: 'status', label: 'Status', Tab: page(() => import('./DeviceStatus')) },
  ],
};
