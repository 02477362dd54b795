// Firmware: categories, builds and images, and how they reach devices.
import { Cpu, HardDriveDownload, Package, PackageCheck } from 'lucide-react';
import type { Concern } from '../app/concern';
import { listFinder } from '../app/finders';
import { page } from '../app/pages';
import { type FirmwareOperations, firmwareOperations, paths } from './operations';
import { firmwareTexts } from './texts';
import type { Build } from './types';

const app = 'firmware_upgrader';

/** What firmware gives to the admin. */
export const firmware: Concern<FirmwareOperations> = {
  name: 'firmware',
  resources: [
    {
      name: 'firmwarecategories',
      path: paths.categories,
      model: { app, model: 'category' },
      icon: Package,
      list: page(() => import('./CategoryList')),
      create: page(() => import('./CategoryCreate')),
      edit: page(() => import('./CategoryEdit')),
    },
    {
      name: 'firmwarebuilds',
      path: paths.builds,
      model: { app, model: 'build' },
      icon: PackageCheck,
      title: 'version',
      list: page(() => import('./BuildList')),
      create: page(() => import('./BuildCreate')),
      edit: page(() => import('./BuildEdit')),
    },
    {
      name: 'massupgrades',
      path: paths.batches,
      model: { app, model: 'batchupgradeoperation' },
      icon: HardDriveDownload,
      title: 'id',
      list: page(() => import('./UpgradeList')),
      edit: page(() => import('./UpgradeEdit')),
    },
    {
      name: 'upgradeoperations',
      path: paths.operations,
      model: { app, model: 'upgradeoperation' },
      icon: Cpu,
      title: 'id',
      list: page(() => import('./OperationList')),
      edit: page(() => import('./OperationEdit')),
    },
  ],
  menu: [
    { section: 'firmware', order: 30, resource: 'firmwarebuilds' },
    { section: 'firmware', order: 31, resource: 'firmwarecategories' },
    { section: 'firmware', order: 32, resource: 'massupgrades' },
    { section: 'firmware', order: 33, resource: 'upgradeoperations' },
  ],
  routes: [
    { path: '/firmwarebuilds/:id/upgrade', page: page(() => import('./UpgradeCreate')) },
    { path: '/firmwarecategories/:id/matrix', page: page(() => import('./MatrixPage')) },
  ],
  texts: firmwareTexts,
  operations: firmwareOperations,
  models: { devicefirmware: { app, model: 'devicefirmware' }, firmwareimages: { app, model: 'firmwareimage' } },
  tabs: [{ of: 'devices', path: 'firmware', label: 'Firmware', model: 'devicefirmware', Tab: page(() => import('./FirmwareTab')) }],
  finders: [listFinder<Build>({ name: 'Firmware builds', resource: 'firmwarebuilds', path: paths.builds, icon: PackageCheck, title: ({ version, category_relation: { name } }) => `${name} ${version}` })],
  kinds: {
    'firmware_upgrader.category': { name: 'Firmware category', resource: 'firmwarecategories' },
    'firmware_upgrader.build': { name: 'Firmware build', resource: 'firmwarebuilds' },
    'firmware_upgrader.firmwareimage': { name: 'Firmware image' },
    'firmware_upgrader.devicefirmware': { name: 'Device firmware' },
    'firmware_upgrader.upgradeoperation': { name: 'Upgrade', resource: 'upgradeoperations' },
    'firmware_upgrader.batchupgradeoperation': { name: 'Mass upgrade', resource: 'massupgrades' },
  },
  references: { CategoryID: 'firmwarecategories', BuildID: 'firmwarebuilds' },
};
