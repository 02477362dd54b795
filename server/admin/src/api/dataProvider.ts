// react-admin's data provider over the REST API, and the operations that are not create, read, update or delete.
import type { DataProvider, GetListParams, Identifier, RaRecord } from 'react-admin';
import type { Request } from './client';
import { APIError } from './errors';
import type { PasskeyOptions } from './passkeys';
import type {
  APIToken,
  ConfigVersion,
  Dashboard,
  Device,
  DeviceContext,
  EmailAddress,
  Enrolment,
  ListAnswer,
  Membership,
  NewPasskey,
  OrganizationSettings,
  Passkey,
  Permission,
  Preview,
  PreviewRequest,
  Schemas,
  SecondFactor,
  User,
} from './types';

/** The admin's resources and their places in the API. */
export const resourcePaths: Record<string, string> = {
  devices: 'controller/device/',
  templates: 'controller/template/',
  devicegroups: 'controller/group/',
  vpns: 'controller/vpn/',
  organizations: 'users/organization/',
  users: 'users/user/',
  groups: 'users/group/',
  events: 'audit/event/',
};

/** The largest page the API gives. */
export const maximalPage = 100;

/** What the admin can do beyond react-admin's verbs. */
export interface Operations {
  activate(device: Identifier): Promise<Device>;
  deactivate(device: Identifier): Promise<Device>;
  context(device: Identifier): Promise<DeviceContext>;
  versions(device: Identifier, page: number, perPage: number): Promise<ListAnswer<ConfigVersion>>;
  version(device: Identifier, version: Identifier): Promise<ConfigVersion>;
  preview(request: PreviewRequest, signal?: AbortSignal): Promise<Preview>;
  schemas(): Promise<Schemas>;
  dashboard(): Promise<Dashboard>;
  settings(organization: Identifier): Promise<OrganizationSettings>;
  saveSettings(organization: Identifier, change: Partial<OrganizationSettings>): Promise<OrganizationSettings>;
  /** Sets the password of another user. */
  changePassword(user: Identifier, body: Record<string, unknown>): Promise<void>;
  /** Sets one's own password. */
  changeMyPassword(body: Record<string, unknown>): Promise<void>;
  /** Every permission a group may have. */
  permissions(): Promise<Permission[]>;
  /** The e-mail addresses of a user, without one one's own. So are the four that follow. */
  addresses(user?: Identifier): Promise<EmailAddress[]>;
  /** Adds an address, which is sent a link to confirm it. */
  addAddress(email: string, user?: Identifier): Promise<EmailAddress>;
  makePrimary(address: Identifier, user?: Identifier): Promise<EmailAddress>;
  /** Sends the link again. */
  confirmAddress(address: Identifier, user?: Identifier): Promise<void>;
  removeAddress(address: Identifier, user?: Identifier): Promise<void>;
  secondFactor(): Promise<SecondFactor>;
  /** Begins setting up a second factor; it counts once it is confirmed. */
  enrol(currentPassword: string): Promise<Enrolment>;
  /** Turns one's own second factor on; resolves to the recovery codes. */
  confirmFactor(code: string): Promise<string[]>;
  /** Replaces one's recovery codes; who has an authenticator app gives a code of it too. */
  renewRecovery(currentPassword: string, code?: string): Promise<string[]>;
  disableFactor(currentPassword: string, code: string): Promise<void>;
  passkeys(): Promise<Passkey[]>;
  /** Begins to add a passkey; resolves to the options for the browser. */
  beginPasskey(currentPassword: string): Promise<PasskeyOptions>;
  /** Adds the passkey the browser made. */
  addPasskey(name: string, made: unknown): Promise<NewPasskey>;
  removePasskey(id: Identifier, currentPassword: string): Promise<void>;
  /** Whether another user has a second factor. */
  hasSecondFactor(user: Identifier): Promise<boolean>;
  /** Takes the second factor, passkeys included, away from a user who lost it. */
  removeSecondFactor(user: Identifier): Promise<void>;
  tokens(): Promise<APIToken[]>;
  /** Makes a named token; without scopes it may do all that its user may. */
  createToken(name: string, expires: string | null, scopes: string[]): Promise<APIToken>;
  deleteToken(id: Identifier): Promise<void>;
  /**
   * Creates a membership, or makes the member a manager or no manager any more. The API takes one membership at a
   * time, and removes one that is sent exactly as it is: see removeMembership.
   */
  setMembership(user: Identifier, membership: Membership): Promise<User>;
  /** Removes a membership, given as it is now. */
  removeMembership(user: Identifier, membership: Membership): Promise<User>;
}

/** The data provider the admin's components get from useDataProvider. */
export type AdminDataProvider = DataProvider & Operations;

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

function pathOf(resource: string, id?: Identifier): string {
  const path = resourcePaths[resource];
  if (!path) throw new Error(`the API has no resource ${resource}`);
  return id === undefined ? path : `${path}${encodeURIComponent(String(id))}/`;
}

/** Where the API has what belongs to an account: a user's, or one's own. */
function accountOf(user?: Identifier): string {
  return user === undefined ? 'users/me/' : pathOf('users', user);
}

/** Runs work on every item, a few at a time, and tells apart what succeeded from what failed. */
async function eachOf<T>(items: T[], work: (item: T) => Promise<unknown>): Promise<{ done: T[]; failed: unknown[] }> {
  const queue = [...items];
  const done: T[] = [];
  const failed: unknown[] = [];
  const worker = async () => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      try {
        await work(item);
        done.push(item);
      } catch (error) {
        failed.push(error);
      }
    }
  };
  await Promise.all([worker(), worker(), worker(), worker()]);
  return { done, failed };
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
  const { done, failed } = await eachOf(ids, work);
  refusalOf(failed, ids.length);
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

// What the API says about a device's configuration as a whole is about the NetJSON in it, and is shown there.
function aboutConfiguration(error: unknown): unknown {
  if (!(error instanceof APIError) || typeof error.body.errors?.config !== 'string') return error;
  const errors = { ...error.body.errors, config: { config: error.body.errors.config } };
  return new APIError(error.message, error.status, { ...error.body, errors });
}

/** The data provider over a client. */
export function createDataProvider(request: Request): AdminDataProvider {
  const write = (method: string, resource: string, path: string, body: unknown) =>
    request<RaRecord>(method, path, { body }).catch((error) => {
      throw resource === 'devices' ? aboutConfiguration(error) : error;
    });
  const getOne = <T>(resource: string, id: Identifier) => request<T>('GET', pathOf(resource, id));
  let schemas: Promise<Schemas> | undefined;
  // An organization's form shows the controller's settings of it too; whoever may not see those gets a form without.
  const organization = async (id: Identifier): Promise<RaRecord> => {
    const [record, settings] = await Promise.all([
      getOne<RaRecord>('organizations', id),
      provider.settings(id).catch((error) => {
        if (error instanceof APIError && [403, 404].includes(error.status)) return undefined;
        throw error;
      }),
    ]);
    return settings ? { ...record, settings } : record;
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
    async getOne(resource: string, { id }: { id: Identifier }) {
      if (resource === 'organizations') return { data: await organization(id) };
      return { data: await getOne<RaRecord>(resource, id) };
    },
    // The API has no filter by many ids. References of a list are few distinct objects, so they are read one by
    // one; those that are gone or not visible are left out.
    async getMany(resource: string, { ids }: { ids: Identifier[] }) {
      const found = new Map<Identifier, RaRecord>();
      const { failed } = await eachOf([...new Set(ids)], async (id) => {
        found.set(id, await getOne<RaRecord>(resource, id));
      });
      const serious = failed.find((error) => !(error instanceof APIError) || ![403, 404].includes(error.status));
      if (serious) throw serious;
      return { data: ids.flatMap((id) => found.get(id) ?? []) };
    },
    async getManyReference(
      resource: string,
      params: GetListParams & { target: string; id: Identifier },
    ) {
      return provider.getList(resource, { ...params, filter: { ...params.filter, [params.target]: params.id } });
    },
    async create(resource: string, { data }: { data: Record<string, unknown> }) {
      return { data: await write('POST', resource, pathOf(resource), data) };
    },
    async update(
      resource: string,
      { id, data, previousData }: { id: Identifier; data: RaRecord; previousData?: RaRecord },
    ) {
      const { settings, ...body } = changedKeys(data, previousData);
      if (settings) {
        const change = changedKeys(settings as RaRecord, previousData?.settings as RaRecord);
        await within('settings', () => provider.saveSettings(id, change));
      }
      if (Object.keys(body).length === 0) return { data: { ...previousData, ...data, id } };
      const saved = await write('PATCH', resource, pathOf(resource, id), body);
      return { data: data.settings ? { ...saved, settings: data.settings } : saved };
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

    activate: (device: Identifier) => request<Device>('POST', `${pathOf('devices', device)}activate/`),
    deactivate: (device: Identifier) => request<Device>('POST', `${pathOf('devices', device)}deactivate/`),
    context: (device: Identifier) => request<DeviceContext>('GET', `${pathOf('devices', device)}context/`),
    versions: (device: Identifier, page: number, perPage: number) =>
      request<ListAnswer<ConfigVersion>>('GET', `${pathOf('devices', device)}version/`, {
        query: { page, page_size: perPage },
      }),
    version: (device: Identifier, version: Identifier) =>
      request<ConfigVersion>('GET', `${pathOf('devices', device)}version/${encodeURIComponent(String(version))}/`),
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
    settings: (organization: Identifier) =>
      request<OrganizationSettings>('GET', `controller/organization/${organization}/settings/`),
    saveSettings: (organization: Identifier, change: Partial<OrganizationSettings>) =>
      request<OrganizationSettings>('PATCH', `controller/organization/${organization}/settings/`, { body: change }),
    async changePassword(user: Identifier, body: Record<string, unknown>) {
      await request('PUT', `users/user/${user}/password/`, { body });
    },
    async changeMyPassword(body: Record<string, unknown>) {
      await request('PUT', 'users/me/password/', { body });
    },
    async permissions() {
      const { results } = await request<ListAnswer<Permission>>('GET', 'users/permission/', { query: { page_size: 1000 } });
      return results;
    },
    async addresses(user?: Identifier) {
      const { results } = await request<ListAnswer<EmailAddress>>('GET', `${accountOf(user)}email/`, { query: { page_size: maximalPage } });
      return results;
    },
    addAddress: (email: string, user?: Identifier) => request<EmailAddress>('POST', `${accountOf(user)}email/`, { body: { email } }),
    makePrimary: (address: Identifier, user?: Identifier) =>
      user === undefined
        ? request<EmailAddress>('POST', `users/me/email/${address}/primary/`)
        : request<EmailAddress>('PATCH', `${accountOf(user)}email/${address}/`, { body: { primary: true } }),
    async confirmAddress(address: Identifier, user?: Identifier) {
      await request('POST', `${accountOf(user)}email/${address}/confirmation/`);
    },
    async removeAddress(address: Identifier, user?: Identifier) {
      await request('DELETE', `${accountOf(user)}email/${address}/`);
    },
    async hasSecondFactor(user: Identifier) {
      const [codes, passkeys] = await Promise.all([
        request<SecondFactor>('GET', `${pathOf('users', user)}totp/`),
        request<{ results: Passkey[] }>('GET', `${pathOf('users', user)}passkey/`),
      ]);
      return codes.confirmed !== null || passkeys.results.length > 0;
    },
    secondFactor: () => request<SecondFactor>('GET', 'users/me/totp/'),
    enrol: (currentPassword: string) =>
      request<Enrolment>('POST', 'users/me/totp/', { body: { current_password: currentPassword } }),
    async confirmFactor(code: string) {
      const { recovery_codes: codes } = await request<{ recovery_codes: string[] }>('POST', 'users/me/totp/confirm/', { body: { otp: code } });
      return codes;
    },
    async renewRecovery(currentPassword: string, code?: string) {
      const body = { current_password: currentPassword, ...(code ? { otp: code } : {}) };
      const { recovery_codes: codes } = await request<{ recovery_codes: string[] }>('POST', 'users/me/recovery/', { body });
      return codes;
    },
    async disableFactor(currentPassword: string, code: string) {
      await request('POST', 'users/me/totp/disable/', { body: { current_password: currentPassword, otp: code } });
    },
    async passkeys() {
      const { results } = await request<{ results: Passkey[] }>('GET', 'users/me/passkey/');
      return results;
    },
    async beginPasskey(currentPassword: string) {
      const { webauthn } = await request<{ webauthn: PasskeyOptions }>('POST', 'users/me/passkey/', { body: { current_password: currentPassword } });
      return webauthn;
    },
    addPasskey: (name: string, made: unknown) => request<NewPasskey>('POST', 'users/me/passkey/finish/', { body: { name, webauthn: made } }),
    async removePasskey(id: Identifier, currentPassword: string) {
      await request('POST', `users/me/passkey/${id}/remove/`, { body: { current_password: currentPassword } });
    },
    async removeSecondFactor(user: Identifier) {
      const gone = await Promise.allSettled(['totp', 'passkey'].map((kind) => request('DELETE', `${pathOf('users', user)}${kind}/`)));
      const failed = gone.filter((result) => result.status === 'rejected').map(({ reason }) => reason as unknown);
      // either kind may be missing, not both
      const other = failed.find((reason) => !(reason instanceof APIError && reason.status === 404));
      if (other || failed.length === gone.length) throw other ?? failed[0];
    },
    async tokens() {
      const { results } = await request<ListAnswer<APIToken>>('GET', 'users/me/token/', { query: { page_size: maximalPage } });
      return results;
    },
    createToken: (name: string, expires: string | null, scopes: string[]) =>
      request<APIToken>('POST', 'users/me/token/', { body: { name, expires, scopes } }),
    async deleteToken(id: Identifier) {
      await request('DELETE', `users/me/token/${id}/`);
    },
    setMembership: (user: Identifier, membership: Membership) =>
      request<User>('PATCH', pathOf('users', user), { body: { organization_users: [membership] } }),
    removeMembership: (user: Identifier, membership: Membership) =>
      request<User>('PATCH', pathOf('users', user), { body: { organization_users: [membership] } }),
  };
  return provider as unknown as AdminDataProvider;
}
