import { describe, expect, it, vi } from 'vitest';
import { cookieValue, createClient, queryString } from './client';
import { APIError } from './errors';

function answering(status: number, body: string, headers: Record<string, string> = {}) {
  return vi.fn(async () => new Response(status === 204 ? null : body, { status, headers }));
}

describe('createClient', () => {
  it('sends JSON with the CSRF token to paths below the root', async () => {
    const send = answering(201, '{"id":"1"}');
    const request = createClient(send as unknown as typeof fetch, () => 'a=1; csrftoken=tok%20en; b=2');
    await expect(request('POST', 'controller/device/', { body: { name: 'x' } })).resolves.toEqual({ id: '1' });
    expect(send).toHaveBeenCalledWith('/api/v1/controller/device/', {
      method: 'POST',
      headers: { Accept: 'application/json', 'Content-Type': 'application/json', 'X-CSRFToken': 'tok en' },
      body: '{"name":"x"}',
      credentials: 'same-origin',
      signal: undefined,
    });
  });

  it('sends no token with what changes nothing', async () => {
    const send = vi.fn(async (_url: string, _options: RequestInit) => new Response('{}'));
    await createClient(send as unknown as typeof fetch, () => 'csrftoken=t')('GET', '/config/schema.json');
    const [url, options] = send.mock.calls[0];
    expect(url).toBe('/config/schema.json');
    expect(options.headers).not.toHaveProperty('X-CSRFToken');
  });

  it('gives null for an empty body', async () => {
    await expect(createClient(answering(204, '') as unknown as typeof fetch, () => '')('DELETE', 'x/')).resolves.toBeNull();
  });

  it('throws field errors of a 400 where forms look for them', async () => {
    const request = createClient(answering(400, '{"name":["Wrong."]}') as unknown as typeof fetch, () => '');
    const error = await request('POST', 'x/', { body: {} }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(APIError);
    expect((error as APIError).status).toBe(400);
    expect((error as APIError).body.errors).toEqual({ name: 'Wrong.' });
  });

  it('survives pages of proxies', async () => {
    const request = createClient(answering(502, '<html>Bad gateway</html>') as unknown as typeof fetch, () => '');
    await expect(request('GET', 'x/')).rejects.toThrow('The server failed to answer this');
  });

  it('says when there is no server', async () => {
    const send = vi.fn(async () => {
      throw new TypeError('Failed to fetch');
    });
    await expect(createClient(send as unknown as typeof fetch, () => '')('GET', 'x/')).rejects.toThrow('cannot be reached');
  });
});

it('reads cookies by their whole name', () => {
  expect(cookieValue('xcsrftoken=1; csrftoken=2=3', 'csrftoken')).toBe('2=3');
  expect(cookieValue('', 'csrftoken')).toBeUndefined();
});

it('leaves out what has no value from a query', () => {
  expect(queryString({ a: 1, b: '', c: null, d: undefined, e: false, f: ['x', 'y'] })).toBe('?a=1&e=false&f=x%2Cy');
  expect(queryString({ at: new Date(Date.UTC(2026, 10, 24, 21, 30)) })).toBe('?at=2026-11-24T21%3A30%3A00.000Z');
  expect(queryString({})).toBe('');
});
