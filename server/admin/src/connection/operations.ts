// What can be done with credentials, connections and commands beyond reading and writing resources.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, type Request } from '../api/client';
import type { JSONObject, ListAnswer } from '../api/types';
import type { Command, Outcome, Progress, Push, Reach, Selection, TerminalSession } from './types';

/** JSON Schemas by what they are of. */
export type SchemasByName = Record<string, JSONObject>;

/** What a mass command begins with. */
export interface BatchRequest extends Selection {
  organization: string | null;
  type: string;
  input: unknown;
  label: string;
  notes?: string;
  parallel?: number;
  stop_after?: number;
}

/** The operations. */
export interface ConnectionOperations {
  credentialSchemas(): Promise<SchemasByName>;
  commandSchemas(organization: string | null): Promise<SchemasByName>;
  reach(device: Identifier): Promise<Reach>;
  push(device: Identifier): Promise<Push>;
  addConnection(device: Identifier, credentials: string): Promise<unknown>;
  changeConnection(device: Identifier, connection: string, change: { enabled: boolean }): Promise<unknown>;
  removeConnection(device: Identifier, connection: string): Promise<unknown>;
  testConnection(device: Identifier, connection: string): Promise<unknown>;
  resetHostKey(device: Identifier, connection: string): Promise<unknown>;
  commands(device: Identifier): Promise<ListAnswer<Command>>;
  sendCommand(device: Identifier, type: string, input: unknown): Promise<Command>;
  cancelCommand(device: Identifier, command: string): Promise<Command>;
  /** The ids of the devices that a mass command would be for. */
  rehearse(request: Pick<BatchRequest, 'organization' | 'type' | 'devices' | 'filter'>): Promise<string[]>;
  startBatch(request: BatchRequest): Promise<string>;
  progress(batch: Identifier): Promise<Progress>;
  outcomes(batch: Identifier): Promise<Outcome[]>;
  batchCommands(batch: Identifier, page: number, digest?: string): Promise<ListAnswer<Command>>;
  stopBatch(batch: Identifier): Promise<unknown>;
  repeatBatch(batch: Identifier): Promise<string>;
  openTerminal(device: Identifier, how: { cols: number; rows: number; code?: string }): Promise<TerminalSession>;
  endTerminal(id: Identifier): Promise<TerminalSession>;
  /** What a terminal showed, as an asciicast. */
  recording(id: Identifier): Promise<string>;
}

/** The data provider as the pages use it. */
export type ConnectionProvider = DataProvider & ConnectionOperations;

const part = (id: Identifier) => `${encodeURIComponent(String(id))}/`;
const device = (id: Identifier) => `controller/device/${part(id)}`;
const connection = (of: Identifier, id: string) => `${device(of)}connection/${part(id)}`;

/** Where the API has mass commands. */
export const batchPath = 'controller/batch-command/';

/** Where the API has terminals. */
export const terminalPath = 'controller/terminal/';

/** How many commands of a mass command are read at once. */
export const perPage = 20;

/** The operations over a client. */
export function connectionOperations(request: Request): ConnectionOperations {
  return {
    credentialSchemas: () => request<SchemasByName>('GET', 'controller/credential-schema/'),
    commandSchemas: (organization) => request<SchemasByName>('GET', 'controller/command-schema/', { query: { organization_id: organization ?? undefined } }),
    reach: (id) => request<Reach>('GET', `${device(id)}reach/`),
    push: (id) => request<Push>('POST', `${device(id)}push/`),
    addConnection: (id, credentials) => request('POST', `${device(id)}connection/`, { body: { credentials } }),
    changeConnection: (id, one, change) => request('PATCH', connection(id, one), { body: change }),
    removeConnection: (id, one) => request('DELETE', connection(id, one)),
    testConnection: (id, one) => request('POST', `${connection(id, one)}test/`),
    resetHostKey: (id, one) => request('POST', `${connection(id, one)}reset-host-key/`),
    commands: (id) => request<ListAnswer<Command>>('GET', `${device(id)}command/`, { query: { ordering: '-created', page_size: 30 } }),
    sendCommand: (id, type, input) => request<Command>('POST', `${device(id)}command/`, { body: { type, input } }),
    cancelCommand: (id, command) => request<Command>('POST', `${device(id)}command/${part(command)}cancel/`),
    async rehearse({ organization, type, devices, filter }) {
      // many ids do not fit into an address: they are what was selected, and stay so
      if (devices) return devices;
      const query = { organization: organization ?? undefined, type, filter: filter && JSON.stringify(filter) };
      return (await request<{ devices: string[] }>('GET', `${batchPath}execute/`, { query })).devices;
    },
    startBatch: async (body) => (await request<{ batch: string }>('POST', `${batchPath}execute/`, { body })).batch,
    progress: (id) => request<Progress>('GET', `${batchPath}${part(id)}progress/`),
    outcomes: async (id) => (await request<{ results: Outcome[] }>('GET', `${batchPath}${part(id)}outcome/`)).results,
    batchCommands: (id, page, digest) => request<ListAnswer<Command>>('GET', `${batchPath}${part(id)}command/`, { query: { page, page_size: perPage, output: digest } }),
    openTerminal: (id, body) => request<TerminalSession>('POST', `${device(id)}terminal/`, { body }),
    endTerminal: (id) => request<TerminalSession>('POST', `${terminalPath}${part(id)}end/`),
    async recording(id) {
      // the client knows JSON only
      const answer = await fetch(`${apiRoot}${terminalPath}${part(id)}recording/`, { credentials: 'same-origin' });
      if (!answer.ok) throw new Error('The recording cannot be read.');
      return answer.text();
    },
    stopBatch: (id) => request('POST', `${batchPath}${part(id)}stop/`),
    repeatBatch: async (id) => (await request<{ batch: string }>('POST', `${batchPath}${part(id)}repeat/`, { body: {} })).batch,
  };
}
