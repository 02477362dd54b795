import { expect, it, vi } from 'vitest';
import type { Request } from './client';
import { APIError } from './errors';
import { createSessionGate } from './sessionGate';

function ending() {
  const state = { open: false };
  const request = vi.fn(async (_method: string, path: string) => {
    if (!state.open) throw new APIError('Your session has ended.', 401);
    return path;
  });
  return { state, request: request as unknown as Request, calls: request };
}

it('asks once for all that wait, and sends them again', async () => {
  const { state, request, calls } = ending();
  const gate = createSessionGate(request);
  const ask = vi.fn(async () => {
    state.open = true;
    return true;
  });
  gate.onEnded(ask);
  await expect(Promise.all([gate.request('PATCH', 'a/', { body: { x: 1 } }), gate.request('GET', 'b/')])).resolves.toEqual(['a/', 'b/']);
  expect(ask).toHaveBeenCalledTimes(1);
  expect(calls).toHaveBeenCalledTimes(4);
  expect(calls.mock.calls[3]).toBeDefined();
});

it('gives the refusal back when nobody logs in, or nobody can be asked', async () => {
  const { request } = ending();
  const gate = createSessionGate(request);
  await expect(gate.request('GET', 'a/')).rejects.toMatchObject({ status: 401 });
  gate.onEnded(async () => false);
  await expect(gate.request('GET', 'a/')).rejects.toMatchObject({ status: 401 });
  gate.onEnded(async () => true);
  await expect(gate.request('GET', 'users/session/')).rejects.toMatchObject({ status: 401 });
});
