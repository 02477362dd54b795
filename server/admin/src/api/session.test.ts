import { describe, expect, it, vi } from 'vitest';
import type { Request } from './client';
import { APIError } from './errors';
import { modelsOf } from '../app/concern';
import { concerns } from '../app/concerns';
import { administers, allowed as allowedBy, CodeNeeded, createAuthProvider as make } from './session';
import type { Session } from './types';

const models = modelsOf(concerns);
const allowed = (session: Session, resource: string, action: string) => allowedBy(models, session, resource, action);
const createAuthProvider = (request: Request) => make(request, models);

const operator: Session = {
  user: { id: '1', username: 'olga', email: null, is_superuser: false, is_staff: true },
  permissions: ['config.change_device', 'config.add_device', 'config.view_vpn', 'openwisp_users.view_organization'],
  organizations: [],
};
const superuser: Session = { ...operator, user: { ...operator.user, is_superuser: true }, permissions: ['*'] };

describe('allowed', () => {
  it.each([
    ['devices', 'list', true],
    ['devices', 'edit', true],
    ['devices', 'change', true],
    ['devices', 'create', true],
    ['devices', 'delete', false],
    ['templates', 'list', false],
    ['vpns', 'list', true],
    ['vpns', 'change', false],
    ['organizations', 'edit', true],
    ['organizations', 'change', false],
    ['settings', 'change', false],
    ['users', 'list', false],
    ['somethingelse', 'list', true],
  ])('an operator: %s %s is %s', (resource, action, want) => {
    expect(allowed(operator, resource, action)).toBe(want);
  });
  it('a superuser may do everything', () => {
    expect(allowed(superuser, 'users', 'delete')).toBe(true);
    expect(allowed(superuser, 'settings', 'change')).toBe(true);
  });
});

describe('createAuthProvider', () => {
  const client = (answer: (method: string) => unknown) => vi.fn(async (method: string) => answer(method)) as unknown as Request;

  it('asks for the session once', async () => {
    const request = client(() => operator);
    const auth = createAuthProvider(request);
    await auth.checkAuth({});
    await auth.checkAuth({});
    await expect(auth.getIdentity?.()).resolves.toMatchObject({ id: '1', fullName: 'olga' });
    expect(request).toHaveBeenCalledTimes(1);
  });

  it('shows what the login refused with', async () => {
    const refusal = new APIError('x', 400, { errors: { root: { serverError: 'Unable to log in with provided credentials.' } } });
    const auth = createAuthProvider(client(() => { throw refusal; }));
    await expect(auth.login({ username: 'a', password: 'b' })).rejects.toThrow('Unable to log in with provided credentials.');
  });

  it('asks for a code when the account has a second factor, and sends it', async () => {
    const sent: unknown[] = [];
    const request = vi.fn(async (_method: string, _path: string, options: { body: { otp?: string } }) => {
      sent.push(options.body);
      if (!options.body.otp) throw new APIError('x', 401, { raw: { detail: 'A code…', second_factor: ['totp'] } });
      if (options.body.otp !== '123456') throw new APIError('x', 400, { errors: { otp: 'The code is wrong or was used already.' } });
      return operator;
    }) as unknown as Request;
    const auth = createAuthProvider(request);
    await expect(auth.login({ username: 'a', password: 'b' })).rejects.toBeInstanceOf(CodeNeeded);
    await expect(auth.login({ username: 'a', password: 'b', otp: '1' })).rejects.toThrow('The code is wrong');
    await auth.login({ username: 'a', password: 'b', otp: '123456' });
    expect(sent).toEqual([{ username: 'a', password: 'b' }, { username: 'a', password: 'b', otp: '1' }, { username: 'a', password: 'b', otp: '123456' }]);
  });

  it('hands on the options of a passkey, and sends what it answered', async () => {
    const options = { publicKey: { challenge: 'AQ' } };
    const request = vi.fn(async (_method: string, _path: string, { body }: { body: { webauthn?: unknown } }) => {
      if (!body.webauthn) throw new APIError('x', 401, { raw: { detail: 'A passkey…', second_factor: ['totp', 'webauthn'], webauthn: options } });
      return operator;
    }) as unknown as Request;
    const auth = createAuthProvider(request);
    await expect(auth.login({ username: 'a', password: 'b' })).rejects.toMatchObject({ methods: ['totp', 'webauthn'], passkey: options });
    await auth.login({ username: 'a', password: 'b', webauthn: { id: 'x' } });
    expect(request).toHaveBeenLastCalledWith('POST', 'users/session/', { body: { username: 'a', password: 'b', webauthn: { id: 'x' } } });
  });

  it('asks again once it is told to forget', async () => {
    const request = client(() => operator);
    const auth = createAuthProvider(request);
    await auth.checkAuth({});
    auth.forget();
    await auth.checkAuth({});
    expect(request).toHaveBeenCalledTimes(2);
  });

  it('ends the session on a 401 and on no other status', async () => {
    const auth = createAuthProvider(client(() => operator));
    await expect(auth.checkError(new APIError('gone', 401))).rejects.toEqual({ message: 'gone' });
    await expect(auth.checkError(new APIError('no', 403))).resolves.toBeUndefined();
    await expect(auth.checkError(new APIError('no', 500))).resolves.toBeUndefined();
  });

  it('logs out of a session that has ended already', async () => {
    const auth = createAuthProvider(client((method) => {
      if (method === 'DELETE') throw new APIError('ended', 401);
      return operator;
    }));
    await auth.checkAuth({});
    await expect(auth.logout({})).resolves.toBeUndefined();
  });
});

it('lets only staff administer, whatever their permissions', () => {
  const member = { ...operator, user: { ...operator.user, is_staff: false }, permissions: ['config.view_device'] };
  expect(administers(member)).toBe(false);
  expect(allowed(member, 'devices', 'list')).toBe(false);
  expect(allowed({ ...member, user: { ...member.user, is_staff: true } }, 'devices', 'list')).toBe(true);
  expect(administers({ ...member, user: { ...member.user, is_superuser: true } })).toBe(true);
});
