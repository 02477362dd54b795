// What can be done with subnets and addresses beyond reading and writing the resources.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, cookieValue, type Request } from '../api/client';
import { APIError } from '../api/errors';
import type { ListAnswer } from '../api/types';
import type { Address, ImportReport, Piece, RowFault, Subnet, Usage } from './types';

function subnet(id: Identifier): string {
  return `ipam/subnet/${encodeURIComponent(String(id))}/`;
}

/** How an import ended. */
export interface ImportOutcome {
  done: boolean;
  report?: ImportReport;
  message: string;
  faults: RowFault[];
}

/** The operations of IPAM. */
export interface IPAMOperations {
  usages(query: Record<string, unknown>, signal?: AbortSignal): Promise<ListAnswer<Usage>>;
  usage(id: Identifier): Promise<Usage>;
  piece(id: Identifier, start?: string): Promise<Piece>;
  subnetAddresses(id: Identifier, query: Record<string, unknown>): Promise<ListAnswer<Address>>;
  /** The next available address, or null. */
  nextAddress(id: Identifier): Promise<string | null>;
  /** Records the next available address; null when there is none. */
  requestAddress(id: Identifier, description: string): Promise<Address | null>;
  record(id: Identifier, address: string, description: string): Promise<Address>;
  /** The next free networks of a length, or the largest free ones. */
  free(id: Identifier, length?: number): Promise<string[]>;
  requestSubnet(id: Identifier, length: number, name: string, organization?: string | null): Promise<Subnet>;
  /** A subnet as a file. */
  exported(id: Identifier, type: 'csv' | 'xlsx'): Promise<Blob>;
  importFile(file: File, dryRun: boolean): Promise<ImportOutcome>;
}

/** The data provider as the pages of IPAM use it. */
export type IPAMProvider = DataProvider & IPAMOperations;

/** Sends what is not JSON, or gets it. */
async function send(path: string, body?: FormData): Promise<Response> {
  const token = cookieValue(document.cookie, 'csrftoken');
  try {
    return await fetch(apiRoot + path, { method: 'POST', body, credentials: 'same-origin', headers: { Accept: 'application/json', ...(token ? { 'X-CSRFToken': token } : {}) } });
  } catch {
    throw new APIError('The server cannot be reached. Check your connection and try again.', 0);
  }
}

/** The first sentence of an answer that refuses something. */
function sentence(body: unknown): string {
  if (typeof body === 'string') return body;
  if (Array.isArray(body)) return sentence(body[0]);
  if (typeof body === 'object' && body !== null) return sentence(Object.values(body)[0]);
  return 'The server refused the file.';
}

/** The operations over a client. */
export function ipamOperations(request: Request): IPAMOperations {
  return {
    usages: (query: Record<string, unknown>, signal?: AbortSignal) => request<ListAnswer<Usage>>('GET', 'ipam/usage/', { query, signal }),
    usage: (id: Identifier) => request<Usage>('GET', `ipam/usage/${encodeURIComponent(String(id))}/`),
    piece: (id: Identifier, start?: string) => request<Piece>('GET', `${subnet(id)}map/`, { query: { start } }),
    subnetAddresses: (id: Identifier, query: Record<string, unknown>) => request<ListAnswer<Address>>('GET', `${subnet(id)}ip-address/`, { query }),
    nextAddress: (id: Identifier) => request<string | null>('GET', `${subnet(id)}get-next-available-ip/`),
    requestAddress: (id: Identifier, description: string) => request<Address | null>('POST', `${subnet(id)}request-ip/`, { body: { description } }),
    record: (id: Identifier, address: string, description: string) => request<Address>('POST', `${subnet(id)}ip-address/`, { body: { ip_address: address, subnet: id, description } }),
    async free(id: Identifier, length?: number) {
      const { results } = await request<{ results: string[] }>('GET', `${subnet(id)}free/`, { query: { prefix_length: length, limit: 12 } });
      return results;
    },
    requestSubnet: (id: Identifier, length: number, name: string, organization?: string | null) =>
      request<Subnet>('POST', `${subnet(id)}request-subnet/`, { body: { prefix_length: length, name, ...(organization ? { organization } : {}) } }),
    async exported(id: Identifier, type: 'csv' | 'xlsx') {
      const answer = await send(`${subnet(id)}export/?type=${type}`);
      if (!answer.ok) throw new APIError(sentence(await answer.json().catch(() => undefined)), answer.status);
      return answer.blob();
    },
    async importFile(file: File, dryRun: boolean) {
      const form = new FormData();
      form.set('csvfile', file);
      if (dryRun) form.set('dry_run', 'true');
      const answer = await send('ipam/import-subnet/', form);
      const body = (await answer.json().catch(() => ({}))) as { detail?: string; error?: string; report?: ImportReport; errors?: RowFault[] };
      if (answer.ok) return { done: true, report: body.report, message: body.detail ?? '', faults: [] };
      if (answer.status >= 500) throw new APIError('The server failed. Nothing was imported.', answer.status);
      return { done: false, message: sentence(body), faults: body.errors ?? [] };
    },
  };
}
