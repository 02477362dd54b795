// The installation itself: a page for superusers.
import { Server } from 'lucide-react';
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { type SystemOperations, systemOperations } from './operations';

const SystemPage = page(() => import('./SystemPage'));

/** What it gives to the admin. */
export const system: Concern<SystemOperations> = {
  name: 'system',
  resources: [],
  // a permission that no group can have: the entry is for superusers
  menu: [{ section: 'administration', order: 99, to: '/system', label: 'System information', icon: Server, permission: 'system.view_info' }],
  routes: [
    { path: '/system', page: SystemPage },
    { path: '/openwisp-system-info', page: SystemPage },
  ],
  operations: systemOperations,
  texts: {},
};
