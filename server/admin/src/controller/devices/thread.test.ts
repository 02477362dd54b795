import { expect, it } from 'vitest';
import type { ConfigStatus, Device } from '../types';
import { agreements } from './thread';

const device = (status: ConfigStatus, checksums: Device['checksums']) => ({ config: { status, backend: 'b' }, checksums }) as Device;

it('says where desired, served and reported agree', () => {
  expect(agreements(device('applied', { desired: 'a', served: 'a', reported: 'a' }))).toEqual({ served: 'same', reported: 'same' });
  expect(agreements(device('modified', { desired: 'b', served: 'a', reported: 'a' }))).toEqual({ served: 'awaited', reported: 'awaited' });
  expect(agreements(device('modified', { desired: 'b', served: 'b', reported: 'a' }))).toEqual({ served: 'same', reported: 'awaited' });
  expect(agreements(device('error', { desired: 'b', served: 'b', reported: 'a' }))).toEqual({ served: 'same', reported: 'other' });
  expect(agreements(device('error', { desired: 'b', served: 'b', reported: 'b' })).reported).toBe('other');
  expect(agreements(device('applied', { desired: 'a' }))).toEqual({ served: 'never', reported: 'never' });
});
