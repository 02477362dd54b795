// What the controller can do beyond reading and writing its resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import type { ListAnswer } from '../api/types';
import type { ConfigVersion, Dashboard, Device, DeviceContext, DeviceTask, DeviceTaskItem, DeviceVariables, Preview, PreviewRequest, Schemas } from './types';

/** Where the API has a device. */
function device(id: Identifier): string {
  return `controller/device/${encodeURIComponent(String(id))}/`;
}

const tasks = 'controller/device-task/';

/** The controller's operations. */
export interface ControllerOperations {
  activate(device: Identifier): Promise<Device>;
  deactivate(device: Identifier): Promise<Device>;
  context(device: Identifier): Promise<DeviceContext>;
  variables(device: Identifier): Promise<DeviceVariables>;
  restore(device: Identifier, version: Identifier): Promise<Device & { left_out: string[] }>;
  startTask(body: Record<string, unknown>): Promise<DeviceTask>;
  task(id: Identifier): Promise<DeviceTask>;
  taskItems(id: Identifier, state: string): Promise<ListAnswer<DeviceTaskItem>>;
  undoTask(id: Identifier): Promise<DeviceTask>;
  versions(device: Identifier, page: number, perPage: number): Promise<ListAnswer<ConfigVersion>>;
  version(device: Identifier, version: Identifier): Promise<ConfigVersion>;
  preview(request: PreviewRequest, signal?: AbortSignal): Promise<Preview>;
  schemas(): Promise<Schemas>;
  dashboard(): Promise<Dashboard>;
}

/** The data provider as the controller's pages use it. */
export type ControllerProvider = DataProvider & ControllerOperations;

/** The operations over a client. */
export function controllerOperations(request: Request): ControllerOperations {
  let schemas: Promise<Schemas> | undefined;
  return {
    activate: (id: Identifier) => request<Device>('POST', `${device(id)}activate/`),
    deactivate: (id: Identifier) => request<Device>('POST', `${device(id)}deactivate/`),
    context: (id: Identifier) => request<DeviceContext>('GET', `${device(id)}context/`),
    variables: (id: Identifier) => request<DeviceVariables>('GET', `${device(id)}variables/`),
    restore: (id: Identifier, version: Identifier) => request<Device & { left_out: string[] }>('POST', `${device(id)}version/${encodeURIComponent(String(version))}/restore/`),
    startTask: (body: Record<string, unknown>) => request<DeviceTask>('POST', tasks, { body }),
    task: (id: Identifier) => request<DeviceTask>('GET', `${tasks}${encodeURIComponent(String(id))}/`),
    taskItems: (id: Identifier, state: string) => request<ListAnswer<DeviceTaskItem>>('GET', `${tasks}${encodeURIComponent(String(id))}/items/`, { query: { state, page_size: 100 } }),
    undoTask: (id: Identifier) => request<DeviceTask>('POST', `${tasks}${encodeURIComponent(String(id))}/undo/`, { body: {} }),
    versions: (id: Identifier, page: number, perPage: number) =>
      request<ListAnswer<ConfigVersion>>('GET', `${device(id)}version/`, {
        query: { page, page_size: perPage },
      }),
    version: (id: Identifier, version: Identifier) =>
      request<ConfigVersion>('GET', `${device(id)}version/${encodeURIComponent(String(version))}/`),
    preview: (body: PreviewRequest, signal?: AbortSignal) =>
      request<Preview>('POST', 'controller/preview/', { body, signal }),
    schemas() {
      schemas ??= request<Schemas>('GET', 'controller/schema/').catch((error) => {
        schemas = undefined;
        throw error;
      });
      return schemas;
    },
    dashboard: () => request<Dashboard>('GET', 'controller/dashboard/'),
  };
}
