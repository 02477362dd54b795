import { describe, expect, it, vi } from 'vitest';
import type { Request } from './client';
import type { DataProvider } from 'react-admin';
import { concerns } from '../app/concerns';
import type { ControllerOperations } from '../controller/operations';
import type { TenancyOperations } from '../tenancy/operations';
import { changedKeys, createDataProvider as make, forEachID, listQuery } from './dataProvider';
import { APIError } from './errors';

const createDataProvider = (request: Request) => make(request, concerns) as DataProvider & ControllerOperations & TenancyOperations;

/** A client that answers from a table of "METHOD path" and remembers what it was asked. */
function scripted(answers: Record<string, unknown>) {
  const asked: { call: string; options?: unknown }[] = [];
  const request = vi.fn(async (method: string, path: string, options?: unknown) => {
    const call = `${method} ${path}`;
    asked.push({ call, options });
    const answer = answers[call];
    if (answer === undefined) throw new APIError('This does not exist, or is not visible to you.', 404);
    if (answer instanceof Error) throw answer;
    return answer;
  });
  return { request: request as unknown as Request, asked };
}

const sort = { field: 'created', order: 'DESC' as const };

describe('listQuery', () => {
  it('names page, order, search and filters as the API does', () => {
    expect(
      listQuery({ pagination: { page: 3, perPage: 250 }, sort, filter: { q: 'ap', config__status: 'error', organization: 'o' } }),
    ).toEqual({ page: 3, page_size: 100, ordering: '-created', search: 'ap', config__status: 'error', organization: 'o' });
  });
});

describe('removeSecondFactor', () => {
  const paths = ['DELETE users/user/u/totp/', 'DELETE users/user/u/passkey/'];
  it.each([[paths[0]], [paths[1]]])('is content with one kind: %s', async (there) => {
    const { request, asked } = scripted({ [there as string]: {} });
    await createDataProvider(request).removeSecondFactor('u');
    expect(asked.map(({ call }) => call)).toEqual(paths);
  });
  it('says that there is none, and what else went wrong', async () => {
    await expect(createDataProvider(scripted({}).request).removeSecondFactor('u')).rejects.toMatchObject({ status: 404 });
    const broken = scripted({ [paths[0] as string]: {}, [paths[1] as string]: new APIError('down', 500) });
    await expect(createDataProvider(broken.request).removeSecondFactor('u')).rejects.toThrow('down');
  });
});

describe('the addresses of an account', () => {
  it.each([
    [undefined, 'users/me/email/', 'POST users/me/email/7/primary/'],
    ['u', 'users/user/u/email/', 'PATCH users/user/u/email/7/'],
  ])('are those of %s', async (user, path, primary) => {
    const { request, asked } = scripted({
      [`GET ${path}`]: { results: [] }, [`POST ${path}`]: {}, [primary]: {}, [`POST ${path}7/confirmation/`]: {}, [`DELETE ${path}7/`]: {},
    });
    const provider = createDataProvider(request);
    await provider.addresses(user);
    await provider.addAddress('a@example.org', user);
    await provider.makePrimary(7, user);
    await provider.confirmAddress(7, user);
    await provider.removeAddress(7, user);
    expect(asked.map(({ call }) => call)).toEqual([`GET ${path}`, `POST ${path}`, primary, `POST ${path}7/confirmation/`, `DELETE ${path}7/`]);
  });
});

describe('hasSecondFactor', () => {
  const codes = 'GET users/user/u/totp/';
  const passkeys = 'GET users/user/u/passkey/';
  it.each([
    [null, [], false],
    ['2026-01-01T00:00:00Z', [], true],
    [null, [{ id: 'p' }], true],
  ])('counts codes since %s and passkeys %j', async (confirmed, results, expected) => {
    const { request } = scripted({ [codes]: { confirmed }, [passkeys]: { results } });
    await expect(createDataProvider(request).hasSecondFactor('u')).resolves.toBe(expected);
  });
});

describe('one\'s own second factor', () => {
  it('gives the password, and a code where there is an authenticator app', async () => {
    const { request, asked } = scripted({
      'POST users/me/recovery/': { recovery_codes: ['a'] },
      'POST users/me/totp/disable/': null,
      'POST users/me/passkey/p/remove/': null,
    });
    const provider = createDataProvider(request);
    await expect(provider.renewRecovery('secret')).resolves.toEqual(['a']);
    await provider.renewRecovery('secret', '123456');
    await provider.disableFactor('secret', '123456');
    await provider.removePasskey('p', 'secret');
    const both = { current_password: 'secret', otp: '123456' };
    expect(asked.map(({ options }) => (options as { body: unknown }).body)).toEqual([{ current_password: 'secret' }, both, both, { current_password: 'secret' }]);
  });
});

describe('changedKeys', () => {
  it('sends what changed, whole, and never the id', () => {
    const previous = { id: 1, name: 'a', notes: '', config: { backend: 'x', config: { a: 1 } } };
    expect(changedKeys({ ...previous, name: 'b' }, previous)).toEqual({ name: 'b' });
    expect(changedKeys({ ...previous, config: { backend: 'x', config: { a: 2 } } }, previous)).toEqual({
      config: { backend: 'x', config: { a: 2 } },
    });
    expect(changedKeys(previous, previous)).toEqual({});
  });
  it('sends a changed order of keys, because authors choose it', () => {
    expect(changedKeys({ id: 1, config: { b: 1, a: 1 } }, { id: 1, config: { a: 1, b: 1 } })).toEqual({ config: { b: 1, a: 1 } });
  });
});

describe('createDataProvider', () => {
  it('reads the envelope of lists and plain lists', async () => {
    const { request, asked } = scripted({
      'GET controller/device/': { count: 31, next: null, previous: null, results: [{ id: 'a' }] },
      'GET users/group/': [{ id: 1 }, { id: 2 }],
    });
    const provider = createDataProvider(request);
    await expect(
      provider.getList('devices', { pagination: { page: 1, perPage: 25 }, sort, filter: {} }),
    ).resolves.toEqual({ data: [{ id: 'a' }], total: 31 });
    expect(asked[0].options).toMatchObject({ query: { page: 1, page_size: 25, ordering: '-created' } });
    await expect(
      provider.getList('groups', { pagination: { page: 1, perPage: 25 }, sort, filter: {} }),
    ).resolves.toMatchObject({ total: 2 });
  });

  it('reads many one by one, each once, without those that are gone', async () => {
    const { request, asked } = scripted({ 'GET users/organization/a/': { id: 'a' }, 'GET users/organization/b/': { id: 'b' } });
    const { data } = await createDataProvider(request).getMany('organizations', { ids: ['b', 'gone', 'a', 'b'] });
    expect(data.map(({ id }) => id)).toEqual(['b', 'a', 'b']);
    expect(asked).toHaveLength(3);
  });

  it('does not hide a server failure in a list of many', async () => {
    const { request } = scripted({ 'GET users/organization/a/': new APIError('broken', 500) });
    await expect(createDataProvider(request).getMany('organizations', { ids: ['a'] })).rejects.toThrow('broken');
  });

  /** A server with one template of a version, which refuses changes of other versions; others change it as told. */
  function versioned(others: Record<string, unknown>[]) {
    let now: Record<string, unknown> = { id: 't', name: 'old', tags: '' };
    let version = 1;
    const sent: unknown[] = [];
    const request = async (method: string, _path: string, options: { body?: object; ifMatch?: string; onETag?(etag: string): void } = {}) => {
      if (method === 'PATCH') {
        sent.push(options.body);
        const theirs = others.shift();
        if (theirs) [now, version] = [{ ...now, ...theirs }, version + 1];
        if (options.ifMatch && options.ifMatch !== `"${version}"`) throw new APIError('It was changed meanwhile.', 412);
        [now, version] = [{ ...now, ...options.body }, version + 1];
      }
      options.onETag?.(`"${version}"`);
      return now;
    };
    return { provider: createDataProvider(request as unknown as Request), sent, now: () => now };
  }
  const renamed = async (provider: DataProvider) => {
    const { data } = await provider.getOne('templates', { id: 't', meta: { detail: true } });
    return provider.update('templates', { id: 't', data: { ...data, name: 'mine' }, previousData: data, meta: { detail: true } });
  };

  it('saves also when others have changed something else meanwhile, which stays', async () => {
    const { provider, sent, now } = versioned([{ tags: 'theirs' }, { tags: 'theirs again' }]);
    const { data } = await renamed(provider);
    expect(data).toEqual({ id: 't', name: 'mine', tags: 'theirs again' });
    expect(now()).toEqual(data);
    expect(sent).toEqual([{ name: 'mine' }, { name: 'mine' }, { name: 'mine' }]);
  });

  it('asks when others have changed the same meanwhile', async () => {
    const { provider, now } = versioned([{ name: 'theirs', tags: 'x' }]);
    await expect(renamed(provider)).rejects.toMatchObject({ name: 'Conflict', fields: ['name'], now: { name: 'theirs' }, change: { name: 'mine' } });
    expect(now()).toMatchObject({ name: 'theirs' });
  });

  it('gives up on an object that never stays as it is', async () => {
    const { provider, sent } = versioned(Array.from({ length: 9 }, (_, count) => ({ tags: String(count) })));
    await expect(renamed(provider)).rejects.toMatchObject({ name: 'Conflict' });
    expect(sent).toHaveLength(4);
  });

  it('patches only what changed, and nothing when nothing did', async () => {
    const { request, asked } = scripted({ 'PATCH controller/template/t/': { id: 't', name: 'b' } });
    const provider = createDataProvider(request);
    const previousData = { id: 't', name: 'a', tags: [] };
    await provider.update('templates', { id: 't', data: { ...previousData, name: 'b' }, previousData });
    await provider.update('templates', { id: 't', data: previousData, previousData });
    expect(asked).toEqual([{ call: 'PATCH controller/template/t/', options: { body: { name: 'b' } } }]);
  });

  it('leaves the permissions of a group alone until others are chosen', async () => {
    const { request, asked } = scripted({ 'PATCH users/group/3/': { id: 3 } });
    const provider = createDataProvider(request);
    const previousData = { id: 3, name: 'a', permissions: ['7: user | Can view user'] };
    await provider.update('groups', { id: 3, data: { ...previousData, name: 'b' }, previousData });
    await provider.update('groups', { id: 3, data: { ...previousData, permissions: [7, 9] }, previousData });
    expect(asked.map(({ options }) => options)).toEqual([{ body: { name: 'b' } }, { body: { permissions: [7, 9] } }]);
  });

  it('looks after the own addresses one by one', async () => {
    const { request, asked } = scripted({
      'GET users/me/email/': { count: 1, next: null, previous: null, results: [{ id: 5, email: 'a@example.org' }] },
      'POST users/me/email/': { id: 6 },
      'POST users/me/email/6/confirmation/': { detail: 'sent' },
      'POST users/me/email/6/primary/': { id: 6, primary: true },
      'DELETE users/me/email/5/': null,
    });
    const provider = createDataProvider(request);
    await expect(provider.addresses()).resolves.toEqual([{ id: 5, email: 'a@example.org' }]);
    await provider.addAddress('b@example.org');
    expect(asked[1].options).toEqual({ body: { email: 'b@example.org' } });
    await expect(provider.confirmAddress(6)).resolves.toBeUndefined();
    await expect(provider.makePrimary(6)).resolves.toEqual({ id: 6, primary: true });
    await expect(provider.removeAddress(5)).resolves.toBeUndefined();
  });

  it('forces a deletion only when told to', async () => {
    const { request, asked } = scripted({ 'DELETE controller/device/d/': null });
    const provider = createDataProvider(request);
    await provider.delete('devices', { id: 'd', previousData: { id: 'd' } });
    await provider.delete('devices', { id: 'd', previousData: { id: 'd' }, meta: { force: true } });
    expect(asked.map(({ options }) => options)).toEqual([{ query: { force: undefined } }, { query: { force: 'true' } }]);
  });

  it('joins an organization with its settings, and does without them', async () => {
    const { request } = scripted({
      'GET users/organization/o/': { id: 'o', name: 'O' },
      'GET controller/organization/o/settings/': { organization: 'o', shared_secret: 's' },
      'GET users/organization/p/': { id: 'p' },
      'GET controller/organization/p/settings/': new APIError('no', 403),
    });
    const provider = createDataProvider(request);
    await expect(provider.getOne('organizations', { id: 'o' })).resolves.toEqual({
      data: { id: 'o', name: 'O', settings: { organization: 'o', shared_secret: 's' } },
    });
    await expect(provider.getOne('organizations', { id: 'p' })).resolves.toEqual({ data: { id: 'p' } });
  });

  it('saves changed settings apart and puts their errors under settings', async () => {
    const refusal = new APIError('Wrong.', 400, { errors: { shared_secret: 'Wrong.', root: { serverError: 'No.' } } });
    const { request, asked } = scripted({ 'PATCH controller/organization/o/settings/': refusal });
    const previousData = { id: 'o', name: 'O', settings: { shared_secret: 'a', registration_enabled: true } };
    const error = await createDataProvider(request)
      .update('organizations', {
        id: 'o',
        data: { ...previousData, settings: { shared_secret: 'b c', registration_enabled: true } },
        previousData,
      })
      .catch((thrown: APIError) => thrown);
    expect(asked).toEqual([
      { call: 'PATCH controller/organization/o/settings/', options: { body: { shared_secret: 'b c' } } },
    ]);
    expect((error as APIError).body.errors).toEqual({ settings: { shared_secret: 'Wrong.' }, root: { serverError: 'No.' } });
  });

  it('shows what is wrong with a configuration where it is edited', async () => {
    const refusal = new APIError('Wrong.', 400, { errors: { config: 'Wrong.', name: 'Bad.' } });
    const { request } = scripted({ 'POST controller/device/': refusal, 'POST controller/template/': refusal });
    const provider = createDataProvider(request);
    const thrown = (resource: string) => provider.create(resource, { data: {} }).catch((error: APIError) => error);
    expect(((await thrown('devices')) as APIError).body.errors).toEqual({ config: { config: 'Wrong.' }, name: 'Bad.' });
    expect(((await thrown('templates')) as APIError).body.errors).toEqual({ config: 'Wrong.', name: 'Bad.' });
  });

  it('asks for the schemas once, and again after a failure', async () => {
    const answers: Record<string, unknown> = { 'GET controller/schema/': new APIError('down', 503) };
    const { request, asked } = scripted(answers);
    const provider = createDataProvider(request);
    await expect(provider.schemas()).rejects.toThrow('down');
    answers['GET controller/schema/'] = { x: {} };
    await provider.schemas();
    await provider.schemas();
    expect(asked).toHaveLength(2);
  });
});

describe('forEachID', () => {
  it('tries all and tells how many failed', async () => {
    const tried: unknown[] = [];
    const work = async (id: unknown) => {
      tried.push(id);
      if (id === 2) throw new APIError('The device must be deactivated prior to deletion', 403);
    };
    await expect(forEachID([1, 2, 3], work)).rejects.toThrow('1 of 3 failed: The device must be deactivated');
    expect(tried).toEqual([1, 2, 3]);
    await expect(forEachID([1, 3], work)).resolves.toEqual([1, 3]);
  });
});
