import { describe, expect, it } from 'vitest';
import { backendName, bytesText, certificateLook, clientLook, serverLook } from './looks';
import type { ServerStatus } from './types';

const now = Date.parse('2026-01-01T12:00:00Z');
const running: ServerStatus = { state: 'running', reason: '', driver: 'WireGuard, kernel', current: true, connected: 2, changed: '', reported: '2026-01-01T11:59:00Z' };

describe('how a server is', () => {
  it.each([
    ['never', { status: null, trouble: '', clients: 3 }, 'Never reported'],
    ['failed', { status: { ...running, state: 'failed' as const, reason: 'port' }, trouble: '', clients: 3 }, 'Failed'],
    ['silent', { status: { ...running, reported: '2026-01-01T11:00:00Z' }, trouble: '', clients: 3 }, 'Silent'],
    ['well', { status: running, trouble: '', clients: 3 }, '2 of 3 connected'],
    ['webhook', { status: running, trouble: 'the webhook answered 500', clients: 3 }, 'Cannot be told'],
  ])('%s', (_, server, word) => {
    expect(serverLook(server, now).word).toBe(word);
  });
});

it('says how a client is', () => {
  expect(clientLook({ connection: null }).word).toBe('Never connected');
  const connection = { connected: true, endpoint: '', seen: '', received: 0, sent: 0 };
  expect(clientLook({ connection }).word).toBe('Connected');
  expect(clientLook({ connection: { ...connection, connected: false } }).word).toBe('Not connected');
});

it('says how a certificate of a device is', () => {
  const good = { cert: 1, revoked: false, validity_end: '2026-02-01T00:00:00Z' };
  expect(certificateLook(good, now).word).toBe('Valid');
  expect(certificateLook({ ...good, revoked: true }, now).word).toBe('Revoked');
  expect(certificateLook({ ...good, validity_end: '2026-01-01T11:59:59Z' }, now).word).toBe('Expired');
  expect(certificateLook({ ...good, cert: null }, now).word).toBe('Not made automatically');
});

it('writes bytes and types', () => {
  expect([0, 999, 1500, 123_456_789].map(bytesText)).toEqual(['0 B', '999 B', '1.5 KB', '123 MB']);
  expect(backendName('openwisp_controller.vpn_backends.OpenVpn')).toBe('OpenVPN');
  expect(backendName('mine')).toBe('mine');
});
