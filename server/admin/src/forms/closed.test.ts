import { expect, test } from 'vitest';
import { closedBy } from './closed';

test('a page says when its organization is switched off', () => {
  const off = { id: 'o', name: 'Acme', is_active: false };
  const device = { id: 'd', organization: 'o' };
  expect(closedBy('devices', device, off)).toEqual({ id: 'o', name: 'Acme', own: false });
  expect(closedBy('devices', device, { ...off, is_active: true })).toBeUndefined();
  expect(closedBy('devices', device, undefined)).toBeUndefined();
  expect(closedBy('templates', { id: 't', organization: null }, { ...off, id: 'other' })).toBeUndefined();
  expect(closedBy('users', { id: 'u', organization: 'o' }, off)).toBeUndefined();
  expect(closedBy('organizations', off, undefined)).toEqual({ id: 'o', name: 'Acme', own: true });
  expect(closedBy('organizations', { ...off, is_active: true }, undefined)).toBeUndefined();
});
