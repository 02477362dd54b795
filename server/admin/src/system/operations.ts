// What the server tells of itself.
import type { DataProvider } from 'react-admin';
import type { Request } from '../api/client';

/** What an installation is made of. */
export interface SystemInfo {
  version: string;
  go_version: string;
  os: string;
  kernel: string;
  architecture: string;
  node: string;
  started: string;
  database: string;
  database_version: string;
  parts: string[];
  packages: { name: string; version: string }[];
}

/** The operations. */
export interface SystemOperations {
  systemInfo(): Promise<SystemInfo>;
}

/** The data provider as the page uses it. */
export type SystemProvider = DataProvider & SystemOperations;

/** The operations over a client. */
export function systemOperations(request: Request): SystemOperations {
  return { systemInfo: () => request<SystemInfo>('GET', 'system-info/') };
}
