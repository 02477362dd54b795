// react-admin's data provider over the REST API: reading and writing the resources of every concern.
import type { DataProvider, GetListParams, Identifier, RaRecord } from 'react-admin';
import type { Request } from './client';
import { changedByOthers, Conflict } from './conflict';
import { APIError } from './errors';
import type { ListAnswer } from './types';

/** A resource as the provider needs it; see the concern's definition. */
interface Place {
  name: string;
  path: string;
  refused?(error: unknown): unknown;
  creates?(data: Record<string, unknown>): { path: string; body: Record<string, unknown> } | undefined;
}

/** What is read and saved with an object of a resource; see the concern's definition. */
interface Joined {
  of: string;
  key: string;
  read(request: Request, id: Identifier): Promise<unknown>;
  save(request: Request, id: Identifier, change: Record<string, unknown>): Promise<unknown>;
}

/** The part of a concern that the provider folds over. */
export interface Provided {
  resources: Place[];
  extensions?: Joined[];
  operations?(request: Request): object;
}

/** How forms ask: for all of an object, and to save also what others have changed. */
interface DetailMeta {
  detail?: boolean;
  overwrite?: boolean;
}

/** The largest page the API gives. */
export const maximalPage = 100;

/** The list query of react-admin's parameters. Filters are named as the API names them, but for q: search. */
export function listQuery({ pagination, sort, filter }: GetListParams): Record<string, unknown> {
  const { q, ...filters } = (filter ?? {}) as Record<string, unknown>;
  return {
    ...filters,
    search: q,
    page: pagination?.page,
    page_size: pagination && Math.min(pagination.perPage, maximalPage),
    ordering: sort?.field && `${sort.order === 'DESC' ? '-' : ''}${sort.field}`,
  };
}

/** The keys of next whose values differ from those of previous: what a PATCH needs to send. */
export function changedKeys(next: RaRecord, previous: RaRecord | undefined): Record<string, unknown> {
  const changed: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(next)) {
    if (value === undefined) continue;
    if (!previous || JSON.stringify(value) !== JSON.stringify(previous[key])) changed[key] = value;
  }
  delete changed.id;
  return changed;
}

/** What became of work on many. */
export interface Outcome<T> {
  done: T[];
  failed: { item: T; error: unknown }[];
}

/** Runs work on every item, a few at a time, and tells apart what succeeded from what failed. */
export async function attemptEach<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<Outcome<T>> {
  const queue = [...items];
  const outcome: Outcome<T> = { done: [], failed: [] };
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
        outcome.done.push(item);
      } catch (error) {
        outcome.failed.push({ item, error });
      }
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return outcome;
}

/** Throws one error for all that failed, saying how many of how many. */
export function refusalOf(failed: unknown[], total: number): void {
  if (failed.length === 0) return;
  const [first] = failed;
  const reason = first instanceof Error ? first.message : String(first);
  if (total === 1) throw first;
  throw new APIError(`${failed.length} of ${total} failed: ${reason}`, first instanceof APIError ? first.status : 0);
}

/** Applies work to every id; the promise rejects, after all have been tried, when any failed. */
export async function forEachID(ids: Identifier[], work: (id: Identifier) => Promise<unknown>): Promise<Identifier[]> {
  const { done, failed } = await attemptEach(ids, work);
  refusalOf(failed.map(({ error }) => error), ids.length);
  return done;
}

/** Runs work and puts the field errors it fails with under a field of the form. */
async function within<T>(field: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof APIError) || !error.body.errors) throw error;
    const { root, ...errors } = error.body.errors;
    throw new APIError(error.message, error.status, {
      ...error.body,
      errors: { ...(root ? { root } : {}), ...(Object.keys(errors).length > 0 ? { [field]: errors } : {}) },
    });
  }
}

/** How often a change is sent again after others changed something else of the same object meanwhile. */
const retries = 3;

/** The data provider over a client, for the resources of the concerns, with their operations. */
export function createDataProvider(request: Request, concerns: Provided[]): DataProvider {
  const places = new Map(concerns.flatMap(({ resources }) => resources.map((place) => [place.name, place] as const)));
  const extensions = concerns.flatMap((concern) => concern.extensions ?? []);
  const pathOf = (resource: string, id?: Identifier): string => {
    const path = places.get(resource)?.path;
    if (!path) throw new Error(`the API has no resource ${resource}`);
    return id === undefined ? path : `${path}${encodeURIComponent(String(id))}/`;
  };
  const write = (method: string, resource: string, path: string, body: unknown) =>
    request<RaRecord>(method, path, { body }).catch((error) => {
      throw places.get(resource)?.refused?.(error) ?? error;
    });
  // The version an object had when a form was filled with it; what else reads the object does not move it.
  const etags = new Map<string, string>();
  const remember = (resource: string, id: Identifier) => (etag: string | null) => {
    if (etag) etags.set(`${resource}/${id}`, etag);
    else etags.delete(`${resource}/${id}`);
  };
  const getOne = <T>(resource: string, id: Identifier, onETag?: (etag: string | null) => void) => request<T>('GET', pathOf(resource, id), onETag && { onETag });
  // An object's form shows what other concerns keep for it too.
  const joined = async (resource: string, id: Identifier, onETag?: (etag: string | null) => void): Promise<RaRecord> => {
    const own = extensions.filter(({ of }) => of === resource);
    const [record, ...more] = await Promise.all([getOne<RaRecord>(resource, id, onETag), ...own.map(({ read }) => read(request, id))]);
    const found = own.flatMap(({ key }, index) => (more[index] === undefined ? [] : [[key, more[index]] as const]));
    return { ...record, ...Object.fromEntries(found) };
  };

  const provider = {
    async getList(resource: string, params: GetListParams) {
      const answer = await request<ListAnswer<RaRecord> | RaRecord[]>('GET', pathOf(resource), {
        query: listQuery(params),
        signal: params.signal,
      });
      if (Array.isArray(answer)) return { data: answer, total: answer.length };
      return { data: answer.results, total: answer.count };
    },
    async getOne(resource: string, { id, meta }: { id: Identifier; meta?: DetailMeta }) {
      return { data: await joined(resource, id, meta?.detail ? remember(resource, id) : undefined) };
    },
    // The API has no filter by many ids. References of a list are few distinct objects, so they are read one by
    // one; those that are gone or not visible are left out.
    async getMany(resource: string, { ids }: { ids: Identifier[] }) {
      const found = new Map<Identifier, RaRecord>();
      const { failed } = await attemptEach([...new Set(ids)], async (id) => {
        found.set(id, await getOne<RaRecord>(resource, id));
      });
      const serious = failed.find(({ error }) => !(error instanceof APIError) || ![403, 404].includes(error.status));
      if (serious) throw serious.error;
      return { data: ids.flatMap((id) => found.get(id) ?? []) };
    },
    async getManyReference(resource: string, params: GetListParams & { target: string; id: Identifier }) {
      return provider.getList(resource, { ...params, filter: { ...params.filter, [params.target]: params.id } });
    },
    async create(resource: string, { data }: { data: Record<string, unknown> }) {
      const other = places.get(resource)?.creates?.(data);
      return { data: await write('POST', resource, other?.path ?? pathOf(resource), other?.body ?? data) };
    },
    async update(resource: string, { id, data, previousData, meta }: { id: Identifier; data: RaRecord; previousData?: RaRecord; meta?: DetailMeta }) {
      const body = changedKeys(data, previousData);
      if (meta?.detail && !meta.overwrite && previousData && !etags.has(`${resource}/${id}`)) {
        // the server keeps no version of this object, so what it has now is read before it is replaced
        const now = await joined(resource, id);
        const fields = changedByOthers(body, previousData, now);
        if (fields.length > 0) throw new Conflict(now, fields, body);
      }
      const kept: Record<string, unknown> = {};
      for (const { of, key, save } of extensions) {
        if (of !== resource || !data[key]) continue;
        kept[key] = data[key];
        if (!(key in body)) continue;
        delete body[key];
        const change = changedKeys(data[key] as RaRecord, previousData?.[key] as RaRecord | undefined);
        // the answer tells more than what was asked for, such as what the change broke
        kept[key] = { ...(data[key] as RaRecord), ...((await within(key, () => save(request, id, change))) as RaRecord | undefined) };
      }
      if (Object.keys(body).length === 0) return { data: { ...previousData, ...data, ...kept, id } };
      const key = `${resource}/${id}`;
      for (let again = retries; ; again--) {
        const versioned = meta?.detail ? { onETag: remember(resource, id), ifMatch: meta.overwrite ? undefined : etags.get(key) } : {};
        try {
          const saved = await request<RaRecord>('PATCH', pathOf(resource, id), { body, ...versioned });
          return { data: { ...saved, ...kept } };
        } catch (error) {
          if (!(error instanceof APIError) || error.status !== 412) throw places.get(resource)?.refused?.(error) ?? error;
          let version: string | null = null;
          const now = await joined(resource, id, (etag) => {
            version = etag;
          });
          const fields = previousData ? changedByOthers(body, previousData, now) : Object.keys(body);
          if (fields.length > 0 || again === 0) throw new Conflict(now, fields.length > 0 ? fields : Object.keys(body), body);
          // what others changed is something else: the change holds for the version that was just looked at
          remember(resource, id)(version);
        }
      }
    },
    async updateMany(resource: string, { ids, data }: { ids: Identifier[]; data: Record<string, unknown> }) {
      return { data: await forEachID(ids, (id) => request('PATCH', pathOf(resource, id), { body: data })) };
    },
    async delete(resource: string, { id, meta }: { id: Identifier; meta?: { force?: boolean } }) {
      await request('DELETE', pathOf(resource, id), { query: { force: meta?.force ? 'true' : undefined } });
      return { data: { id } };
    },
    async deleteMany(resource: string, { ids, meta }: { ids: Identifier[]; meta?: { force?: boolean } }) {
      const query = { force: meta?.force ? 'true' : undefined };
      return { data: await forEachID(ids, (id) => request('DELETE', pathOf(resource, id), { query })) };
    },
  };
  return Object.assign(provider, ...concerns.map(({ operations }) => operations?.(request))) as unknown as DataProvider;
}
