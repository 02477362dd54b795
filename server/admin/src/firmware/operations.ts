// What can be done with firmware beyond reading and writing resources.
import type { DataProvider, Identifier } from 'react-admin';
import { apiRoot, cookieValue, type Request } from '../api/client';
import type { JSONObject, ListAnswer } from '../api/types';
import type { Batch, Build, DeviceFirmware, DeviceOptions, Image, ImageType, Matrix, Operation, Target, Upload, UpgradeRequest } from './types';

/** Where the API has firmware. */
const base = 'firmware-upgrader/';

/** Where the API has the resources. */
export const paths = { categories: `${base}category/`, builds: `${base}build/`, operations: `${base}upgrade-operation/`, batches: `${base}batch-upgrade-operation/` };

/** Says how much of a file is there; may be asked to end. */
export interface Sending {
  onProgress(received: number): void;
  signal?: AbortSignal;
}

/** The operations. */
export interface FirmwareOperations {
  imageTypes(): Promise<ImageType[]>;
  images(build: Identifier): Promise<Image[]>;
  /** Sends a file in parts; a part whose connection is lost is sent again. */
  uploadImage(build: Identifier, file: File, how: Sending & { type?: string; checksum?: string }): Promise<Image>;
  removeImage(build: Identifier, image: string): Promise<unknown>;
  confirmImage(build: Identifier, image: string): Promise<Image>;
  buildsOf(category: Identifier): Promise<ListAnswer<Build>>;
  matrix(category: Identifier, page: number): Promise<Matrix>;
  rehearseUpgrade(build: Identifier, narrowed: { group?: string; location?: string }): Promise<Target[]>;
  startUpgrade(build: Identifier, body: UpgradeRequest): Promise<string>;
  firmwareBatch(id: Identifier): Promise<Batch>;
  cancelFirmwareBatch(id: Identifier): Promise<unknown>;
  batchesOf(build: Identifier): Promise<ListAnswer<Batch>>;
  batchOperations(id: Identifier, page: number, status?: string): Promise<ListAnswer<Operation>>;
  upgradeOperation(id: Identifier): Promise<Operation>;
  cancelUpgrade(id: Identifier): Promise<unknown>;
  retryUpgrade(id: Identifier): Promise<Operation>;
  firmwareOptions(device: Identifier): Promise<DeviceOptions>;
  deviceFirmware(device: Identifier): Promise<DeviceFirmware>;
  upgradeDevice(device: Identifier, body: { image: string; upgrade_options: JSONObject; is_persistent: boolean }): Promise<DeviceFirmware>;
  upgradesOf(device: Identifier): Promise<ListAnswer<Operation>>;
}

/** The data provider as the pages use it. */
export type FirmwareProvider = DataProvider & FirmwareOperations;

/** How many rows of a list on a page are read at once. */
export const perPage = 20;

const part = (id: Identifier) => `${encodeURIComponent(String(id))}/`;
const build = (id: Identifier) => `${paths.builds}${part(id)}`;
const device = (id: Identifier) => `${base}device/${part(id)}`;

/** How often a part is sent before it is given up, and the pause before the next attempt in milliseconds. */
const attempts = 5;
const pause = 1_500;

/** Sends one part; resolves to how much the server has. The client knows JSON only. */
async function sendPart(upload: string, offset: number, body: Blob, signal?: AbortSignal): Promise<Upload> {
  const token = cookieValue(document.cookie, 'csrftoken');
  const answer = await fetch(`${apiRoot}${base}upload/${part(upload)}?offset=${offset}`, {
    method: 'PUT', body, signal, credentials: 'same-origin', headers: { 'Content-Type': 'application/octet-stream', ...(token ? { 'X-CSRFToken': token } : {}) },
  });
  if (answer.ok) return (await answer.json()) as Upload;
  const said = (await answer.json().catch(() => ({}))) as Record<string, unknown>;
  const first = Object.values(said).flat()[0];
  throw Object.assign(new Error(typeof first === 'string' ? first : 'The image could not be sent.'), { status: answer.status });
}

/** The operations over a client. */
export function firmwareOperations(request: Request): FirmwareOperations {
  return {
    imageTypes: () => request<ImageType[]>('GET', `${base}image-type/`),
    images: async (id) => (await request<ListAnswer<Image>>('GET', `${build(id)}image/`, { query: { page_size: 100, ordering: 'type' } })).results,
    async uploadImage(id, file, { type, checksum, onProgress, signal }) {
      let upload = await request<Upload>('POST', `${build(id)}upload/`, { body: { name: file.name, size: file.size, type: type ?? '', checksum: checksum ?? '' } });
      const at = `${base}upload/${part(upload.id)}`;
      try {
        for (let failures = 0; upload.received < file.size; ) {
          const end = Math.min(upload.received + Math.min(upload.part_size, 4 << 20), file.size);
          try {
            upload = await sendPart(upload.id, upload.received, file.slice(upload.received, end), signal);
            failures = 0;
            onProgress(upload.received);
          } catch (error) {
            const status = (error as { status?: number }).status;
            // 409: the server has more, or less, than we think
            if (signal?.aborted || (status !== undefined && status < 500 && status !== 409) || ++failures >= attempts) throw error;
            await new Promise((wake) => setTimeout(wake, pause * failures));
            upload = await request<Upload>('GET', at);
          }
        }
        return await request<Image>('POST', at);
      } catch (error) {
        await request('DELETE', at).catch(() => undefined); // else it goes by itself
        throw error;
      }
    },
    removeImage: (id, image) => request('DELETE', `${build(id)}image/${part(image)}`),
    confirmImage: (id, image) => request<Image>('POST', `${build(id)}image/${part(image)}confirm/`),
    buildsOf: (category) => request<ListAnswer<Build>>('GET', paths.builds, { query: { category, ordering: '-created', page_size: 50 } }),
    matrix: (category, page) => request<Matrix>('GET', `${paths.categories}${part(category)}matrix/`, { query: { page } }),
    rehearseUpgrade: async (id, narrowed) => (await request<{ targets: Target[] }>('GET', `${build(id)}upgrade/`, { query: { ...narrowed } })).targets,
    startUpgrade: async (id, body) => (await request<{ batch: string }>('POST', `${build(id)}upgrade/`, { body })).batch,
    firmwareBatch: (id) => request<Batch>('GET', `${paths.batches}${part(id)}`),
    cancelFirmwareBatch: (id) => request('POST', `${paths.batches}${part(id)}cancel/`),
    batchesOf: (id) => request<ListAnswer<Batch>>('GET', paths.batches, { query: { build: id, ordering: '-created', page_size: 5 } }),
    batchOperations: (id, page, status) => request<ListAnswer<Operation>>('GET', paths.operations, { query: { batch: id, page, page_size: perPage, status, ordering: '-modified' } }),
    upgradeOperation: (id) => request<Operation>('GET', `${paths.operations}${part(id)}`),
    cancelUpgrade: (id) => request('POST', `${paths.operations}${part(id)}cancel/`),
    retryUpgrade: (id) => request<Operation>('POST', `${paths.operations}${part(id)}retry/`),
    firmwareOptions: (id) => request<DeviceOptions>('GET', `${device(id)}options/`),
    deviceFirmware: (id) => request<DeviceFirmware>('GET', `${device(id)}firmware/`),
    upgradeDevice: (id, body) => request<DeviceFirmware>('PUT', `${device(id)}firmware/`, { body }),
    upgradesOf: (id) => request<ListAnswer<Operation>>('GET', paths.operations, { query: { device: id, ordering: '-created', page_size: 20 } }),
  };
}
