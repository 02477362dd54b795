// The dashboard: the charts that concerns declare, in the order a person likes.
import type { Concern } from '../app/concern';
import { page } from '../app/pages';
import { type DashboardOperations, dashboardOperations } from './operations';

/** What the dashboard gives to the admin. */
export const dashboard: Concern<DashboardOperations> = {
  name: 'dashboard',
  resources: [],
  menu: [],
  operations: dashboardOperations,
  overview: [{ place: 'main', order: 30, Part: page(() => import('./Charts')) }],
  texts: {},
};
