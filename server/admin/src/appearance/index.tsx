// How the installation looks: a page for superusers.
import { Palette } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { type AppearanceOperations, appearanceOperations } from './operations';

const AppearancePage = page(() => import('./AppearancePage'));

/** What it gives to the admin. */
export const appearance: Concern<AppearanceOperations> = {
  name: 'appearance',
  resources: [],
  // a permission that no group can have: the entry is for superusers
  menu: [{ section: 'administration', order: 98, to: '/appearance', label: 'Appearance', icon: Palette, permission: 'appearance.change_look' }],
  routes: [{ path: '/appearance', page: AppearancePage }],
  operations: appearanceOperations,
  kinds: { 'appearance.look': { name: 'Appearance' } },
  texts: {},
};
