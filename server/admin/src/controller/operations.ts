// What the controller can do beyond reading and writing its resources.
import type { DataProvider, Identifier } from 'react-admin';
import type { Request } from '../api/client';
import type { ListAnswer } from '../api/types';
import { sendForm } from '../api/form';
import type { NativeRead } from './imports/native';
import type { ConfigVersion, Dashboard, DeclaredVariable, Device, DeviceContext, DeviceTask, DeviceTaskItem, DeviceVariables, Preview, PreviewRequest, Recovered, Registration, Schemas, VariableLevel, VariableReport } from './types';

/** Where the API has a device. */
function device(id: Identifier): string {
  return `controller/device/${encodeURIComponent(String(id))}/`;
}

/** Where the API has what the variables of one level are. */
function variablesOf(of: VariableLevel, id: Identifier, name?: string): string {
  const path = `controller/${of}/${encodeURIComponent(String(id))}/declared-variables/`;
  return name === undefined ? path : `${path}${encodeURIComponent(name)}/`;
}

const tasks = 'controller/device-task/';

/** The controller's operations. */
export interface ControllerOperations {
  activate(device: Identifier): Promise<Device>;
  deactivate(device: Identifier): Promise<Device>;
  context(device: Identifier): Promise<DeviceContext>;
  variables(device: Identifier): Promise<DeviceVariables>;
  declared(of: VariableLevel, id: Identifier): Promise<{ variables: DeclaredVariable[] }>;
  declare(of: VariableLevel, id: Identifier, name: string, body: Record<string, unknown>): Promise<unknown>;
  undeclare(of: VariableLevel, id: Identifier, name: string): Promise<unknown>;
  /** Which variables of an organization are not defined, or not used. */
  variableReport(organization: Identifier): Promise<VariableReport>;
  restore(device: Identifier, version: Identifier): Promise<Device & { left_out: string[] }>;
  startTask(body: Record<string, unknown>): Promise<DeviceTask>;
  task(id: Identifier): Promise<DeviceTask>;
  taskItems(id: Identifier, state: string): Promise<ListAnswer<DeviceTaskItem>>;
  undoTask(id: Identifier): Promise<DeviceTask>;
  /** Begins an import of devices: tried or done, and whether faulty rows are left out. */
  importDevices(file: File, dryRun: boolean, skipFaulty: boolean): Promise<DeviceTask>;
  /** Reads what a router has into a configuration, and stores nothing. */
  readNative(backend: string, native: { file: File } | { native: string }): Promise<NativeRead>;
  /** Decides on a device that waits. */
  decide(id: Identifier, verb: 'approve' | 'refuse'): Promise<Registration>;
  /** Brings a deleted object of a list back. */
  recoverDeleted(path: string, id: Identifier, name: string): Promise<Recovered>;
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
    declared: (of: VariableLevel, id: Identifier) => request<{ variables: DeclaredVariable[] }>('GET', variablesOf(of, id)),
    declare: (of: VariableLevel, id: Identifier, name: string, body: Record<string, unknown>) => request<unknown>('PUT', variablesOf(of, id, name), { body }),
    undeclare: (of: VariableLevel, id: Identifier, name: string) => request<unknown>('DELETE', variablesOf(of, id, name)),
    variableReport: (organization: Identifier) => request<VariableReport>('GET', `controller/organization/${encodeURIComponent(String(organization))}/variable-report/`),
    restore: (id: Identifier, version: Identifier) => request<Device & { left_out: string[] }>('POST', `${device(id)}version/${encodeURIComponent(String(version))}/restore/`),
    startTask: (body: Record<string, unknown>) => request<DeviceTask>('POST', tasks, { body }),
    task: (id: Identifier) => request<DeviceTask>('GET', `${tasks}${encodeURIComponent(String(id))}/`),
    taskItems: (id: Identifier, state: string) => request<ListAnswer<DeviceTaskItem>>('GET', `${tasks}${encodeURIComponent(String(id))}/items/`, { query: { state, page_size: 100 } }),
    undoTask: (id: Identifier) => request<DeviceTask>('POST', `${tasks}${encodeURIComponent(String(id))}/undo/`, { body: {} }),
    importDevices: (file: File, dryRun: boolean, skipFaulty: boolean) =>
      sendForm<DeviceTask>('POST', 'controller/device-import/', { file, dry_run: String(dryRun), skip_faulty: String(skipFaulty) }),
    readNative: (backend, native) => sendForm<NativeRead>('POST', 'controller/native/', { backend, ...native }),
    decide: (id: Identifier, verb: 'approve' | 'refuse') => request<Registration>('POST', `controller/registration/${encodeURIComponent(String(id))}/${verb}/`, { body: {} }),
    recoverDeleted: (path: string, id: Identifier, name: string) => request<Recovered>('POST', `${path}${encodeURIComponent(String(id))}/recover/`, { body: { name } }),
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
