// The dashboard's part of the data provider.
import type { DataProvider } from 'react-admin';
import type { Request } from '../api/client';
import type { Chart, Layout } from './types';

/** The operations. */
export interface DashboardOperations {
  charts(): Promise<Chart[]>;
  arrangeCharts(layout: Layout): Promise<Layout>;
  resetCharts(): Promise<void>;
}

/** The data provider as the dashboard uses it. */
export type DashboardProvider = DataProvider & DashboardOperations;

/** The operations over a client. */
export function dashboardOperations(request: Request): DashboardOperations {
  return {
    charts: async () => (await request<{ charts: Chart[] }>('GET', 'dashboard/')).charts,
    arrangeCharts: (layout: Layout) => request<Layout>('PUT', 'dashboard/layout/', { body: { ...layout } }),
    resetCharts: async () => {
      await request('DELETE', 'dashboard/layout/');
    },
  };
}
