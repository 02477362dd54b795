import { expect, it } from 'vitest';
import type { Device } from '../types';
import { byReason, firstLine } from './reasons';

const failing = (id: string, error_reason: string) => ({ id, name: id, config: { status: 'error', backend: 'b', error_reason } }) as Device;

it('takes the line that names the error', () => {
  expect(firstLine('11:14:57 wispwright: testing\n11:14:58 radio1: CHANNEL_NOT_ALLOWED: 144')).toBe('radio1: CHANNEL_NOT_ALLOWED: 144');
  expect(firstLine('curl: (6) Could not resolve host')).toBe('curl: (6) Could not resolve host');
  const log = 'Mon Nov 30 18:56:21 2026 daemon.info openwisp: Testing configuration...\nMon Nov 30 18:56:22 2026 daemon.err openwisp: Configuration test failed! Restoring previous backup';
  expect(firstLine(log)).toBe('Configuration test failed! Restoring previous backup');
  expect(firstLine('Mon Nov 30 18:56:21 2026 daemon.info openwisp: Testing configuration...')).toBe('Testing configuration...');
  expect(firstLine('')).toBe('No reason was reported');
});

it('groups by reason whatever numbers are in it, the largest group first', () => {
  const groups = byReason([failing('a', 'no route to 10.0.0.1'), failing('b', 'x: CHANNEL_NOT_ALLOWED: channel 144'), failing('c', 'x: CHANNEL_NOT_ALLOWED: channel 100')]);
  expect(groups.map(({ reason, devices }) => [reason, devices.map(({ id }) => id)])).toEqual([
    ['x: CHANNEL_NOT_ALLOWED: channel 144', ['b', 'c']],
    ['no route to 10.0.0.1', ['a']],
  ]);
});
