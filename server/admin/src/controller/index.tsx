// The controller: devices, their configurations, and the templates these are made of.
import { Boxes, Layers, Router } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type ControllerOperations, controllerOperations } from './operations';
import { readApproval, saveApproval } from './organization/approval';
import { readSettings, saveSettings } from './organization/settings';
import { readWhois, saveWhois } from './organization/whois';
import type { Device, DeviceGroup, OrganizationSettings, Template } from './types';
import { aboutConfiguration } from './refused';
import { controllerTexts } from './texts';

const device = { app: 'config', model: 'device' };

/** What the controller gives to the admin. */
export const controller: Concern<ControllerOperations> = {
  name: 'controller',
  resources: [
    {
      name: 'devices',
      path: 'controller/device/',
      model: device,
      icon: Router,
      list: page(() => import('./devices/DeviceList')),
      create: page(() => import('./devices/DeviceCreate')),
      edit: page(() => import('./devices/DeviceEdit')),
      refused: aboutConfiguration,
    },
    {
      name: 'templates',
      path: 'controller/template/',
      model: { app: 'config', model: 'template' },
      icon: Layers,
      list: page(() => import('./templates/TemplateList')),
      create: page(() => import('./templates/TemplateCreate')),
      edit: page(() => import('./templates/TemplateEdit')),
    },
    {
      name: 'devicegroups',
      path: 'controller/group/',
      model: { app: 'config', model: 'devicegroup' },
      icon: Boxes,
      list: page(() => import('./groups/GroupList')),
      create: page(() => import('./groups/GroupCreate')),
      edit: page(() => import('./groups/GroupEdit')),
    },
    { name: 'registrations', path: 'controller/registration/', model: device, list: page(() => import('./registrations/RegistrationList')) },
    { name: 'deleteddevices', path: 'controller/deleted-device/', model: device, list: page(() => import('./deleted/DeletedList')) },
    { name: 'deletedtemplates', path: 'controller/deleted-template/', model: { app: 'config', model: 'template' }, list: page(() => import('./deleted/DeletedList')) },
  ],
  routes: [{ path: '/devices-import', page: page(() => import('./imports/ImportPage')) }],
  menu: [
    { section: 'network', order: 10, resource: 'devices', covers: ['/registrations', '/deleteddevices', '/devices-import'] },
    { section: 'network', order: 15, resource: 'templates', covers: ['/deletedtemplates'] },
    { section: 'network', order: 12, resource: 'devicegroups' },
  ],
  texts: controllerTexts,
  operations: controllerOperations,
  extensions: [
    {
      of: 'organizations',
      key: 'approval',
      model: { app: 'config', model: 'organizationconfigsettings' },
      read: readApproval,
      save: saveApproval,
      Fields: page(() => import('./organization/ApprovalFields')),
    },
    {
      of: 'organizations',
      key: 'settings',
      model: { app: 'config', model: 'organizationconfigsettings' },
      read: readSettings,
      save: saveSettings,
      Fields: page(() => import('./organization/SettingsFields')),
      Touched: page(() => import('./organization/Touched')),
      Aftermath: page(async () => {
        const { Aftermath } = await import('./Aftermath');
        return { default: ({ kept }: { kept: unknown }) => <Aftermath broken={(kept as OrganizationSettings).broken_configurations} /> };
      }),
    },
    {
      of: 'organizations',
      key: 'whois',
      model: { app: 'config', model: 'organizationconfigsettings' },
      read: readWhois,
      save: saveWhois,
      Fields: page(() => import('./organization/WhoisFields')),
    },
  ],
  finders: [
    listFinder<Device>({
      name: 'Devices',
      resource: 'devices',
      path: 'controller/device/',
      icon: Router,
      title: ({ name }) => name,
      detail: ({ mac_address, management_ip, last_ip, model }) => [management_ip ?? last_ip, mac_address, model].filter(Boolean).join(' · '),
    }),
    listFinder<Template>({ name: 'Templates', resource: 'templates', path: 'controller/template/', icon: Layers, title: ({ name }) => name }),
    listFinder<DeviceGroup>({ name: 'Device groups', resource: 'devicegroups', path: 'controller/group/', icon: Boxes, title: ({ name }) => name }),
  ],
  overview: [
    { place: 'top', order: 5, model: device, Part: page(() => import('./overview/FirstSteps')) },
    { place: 'top', order: 10, model: device, chart: 'config_status', Part: page(() => import('./overview/Fleet')) },
    { place: 'main', order: 10, model: device, Part: page(() => import('./overview/Attention')) },
    { place: 'main', order: 20, model: device, Part: page(async () => ({ default: (await import('./overview/Waiting')).Waiting })) },
    { place: 'side', order: 20, model: device, Part: page(async () => ({ default: (await import('./overview/Waiting')).Newest })) },
  ],
  kinds: {
    'config.device': { name: 'Device', resource: 'devices' },
    'config.devicegroup': { name: 'Device group', resource: 'devicegroups' },
    'config.template': { name: 'Template', resource: 'templates' },
    'config.organizationconfigsettings': { name: 'Configuration settings' },
  },
  references: { Templates: 'templates' },
};
